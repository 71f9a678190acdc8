/// A refresh token whose rotation was acknowledged, kept to be presented again.
struct ConsumedToken: Sendable {
  let token: String
  let successor: String
  /// When the rotation was acknowledged.
  let consumed: Duration

  /// What `reply` to a presentation that was sent at `sent` breaks; nil for nothing.
  ///
  /// A refusal is always right, and so is the same successor as long as the grace window may be open.
  func violation(_ reply: RotationReply, sent: Duration, at time: Duration, grace: Duration) -> LoadViolation? {
    guard case .granted(let next) = reply else { return nil }
    if next.text == token { return .notRotated(token, at: time) }
    if next.text != successor {
      return .twoSuccessors(of: token, successor, next.text, after: time - consumed, at: time, by: "a replay")
    }
    let age = sent - consumed
    // Without a window also what was sent in the very moment in which the reply came.
    return grace == .zero || age > grace ? .replayAccepted(token, after: age, grace: grace, at: time) : nil
  }
}
