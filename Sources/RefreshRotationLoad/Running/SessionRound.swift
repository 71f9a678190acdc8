/// A session of a caller: its judge, and whether there is anything to follow at the moment.
struct FollowedSession: Sendable {
  var judge: SessionJudge
  /// Ended, and its successor is not opened yet.
  var isEmpty = false
  /// Not presented before.
  var ready = Duration.zero
  /// Requests without an answer, one after the other.
  var failures = 0
  /// Which of the sessions that took this place.
  var number = 0

  init(_ token: IssuedToken, at time: Duration) {
    judge = SessionJudge(token, at: time)
  }

  mutating func replace(with token: IssuedToken, at time: Duration) {
    let number = number + 1
    self = FollowedSession(token, at: time)
    self.number = number
  }
}

/// The sessions that one caller goes round. A session that has ended is replaced when the supply has opened another one.
struct SessionRound {
  var sessions: [FollowedSession]
  private let supply: SessionSupply
  private var position = 0

  /// How often a caller looks whether a session was opened for it.
  private static let lookout = Duration.milliseconds(5)

  init(_ tokens: [IssuedToken], supply: SessionSupply) {
    sessions = tokens.map { FollowedSession($0, at: .zero) }
    self.supply = supply
  }

  /// The place of the next session in the round that can be presented; nil if none can.
  mutating func next(at now: Duration) -> Int? {
    var mayBeSupplied = true
    for _ in sessions.indices {
      let candidate = position
      position = position + 1 == sessions.count ? 0 : position + 1
      if sessions[candidate].isEmpty, mayBeSupplied {
        if let token = supply.take() {
          sessions[candidate].replace(with: token, at: now)
        } else {
          mayBeSupplied = false
        }
      }
      if !sessions[candidate].isEmpty, sessions[candidate].ready <= now { return candidate }
    }
    return nil
  }

  /// When one of them can be presented, or may have been opened.
  func nextReady(after now: Duration) -> Duration {
    var next = Duration.seconds(86_400)
    for session in sessions { next = min(next, session.isEmpty ? now + Self.lookout : session.ready) }
    return max(next, now + .microseconds(50))
  }

  /// Leaves a session and orders another one in its place.
  mutating func end(_ position: Int) {
    sessions[position].isEmpty = true
    supply.order()
  }

  /// Whether the session from which a consumed token came is still followed.
  func follows(_ source: ConsumedTokens.Entry) -> Bool {
    sessions[source.position].number == source.number && !sessions[source.position].isEmpty
  }
}
