internal import TokenEngine

/// A refresh token whose rotation was acknowledged, kept to be presented again: as a retry in the grace window, or as a
/// reuse after it.
struct ConsumedToken: Sendable {
  let token: String
  let successor: String
  /// The time at which the rotation was acknowledged.
  let consumed: Duration

  /// Returns the violation in `reply` to a presentation that was sent at `sent`, or nil if there is none.
  ///
  /// A refusal is always right, and so is the same successor as long as the grace window can be open.
  func violation(_ reply: RotationReply, sent: Duration, at time: Duration, grace: Duration) -> LoadViolation? {
    guard case .granted(let next) = reply else { return nil }
    if next.text == token { return .notRotated(token, at: time) }
    if next.text != successor {
      return .twoSuccessors(of: token, successor, next.text, after: time - consumed, at: time, by: "a replay")
    }
    let age = sent - consumed
    // Without a grace window, a presentation at the very moment of the reply counts as reuse too.
    return grace == .zero || age > grace ? .reuseAccepted(token, after: age, grace: grace, at: time) : nil
  }
}

extension ConsumedToken: RedactedValue {}

/// The consumed tokens of one caller that can be presented again: the newest, and some of any age.
struct ConsumedTokens {
  struct Entry: Sendable {
    var token: ConsumedToken
    /// The position of the session among those of the caller.
    var position: Int
    var number: Int
    /// The key that the session is bound to.
    var key: SessionKey?
  }

  private var newest: Entry?
  private var older: [Entry] = []
  private var count = 0

  private static let kept = 32
  private static let keptOneOf = 8

  mutating func remember(_ entry: Entry) {
    count += 1
    if count % Self.keptOneOf == 0 {
      if older.count < Self.kept { older.append(entry) } else { older[Int.random(in: 0..<Self.kept)] = entry }
    }
    newest = entry
  }

  /// Takes, in turns, the newest token and one of any age, each once; returns nil if there is none.
  mutating func take() -> Entry? {
    count += 1
    if count % 2 == 0 || newest == nil, !older.isEmpty {
      return older.remove(at: Int.random(in: 0..<older.count))
    }
    defer { newest = nil }
    return newest
  }
}
