/// A session of a caller: its judge, and whether there is anything to follow at the moment.
struct FollowedSession: Sendable {
  var judge: SessionJudge
  /// The key that it is bound to for its life, or nil if it is bound to none.
  let key: SessionKey?
  /// True if the session has ended and its replacement is not opened yet.
  var isEmpty = false
  /// The time before which the session is not presented.
  var ready = Duration.zero
  /// The number of consecutive requests without an answer.
  var failures = 0
  /// The number of the session among those that had this position.
  var number = 0

  init(_ token: IssuedToken, at time: Duration) {
    judge = SessionJudge(token, at: time)
    key = token.key
  }

  /// The live refresh token.
  var live: IssuedToken { IssuedToken(judge.token, key: key) }

  mutating func replace(with token: IssuedToken, at time: Duration) {
    let number = number + 1
    self = FollowedSession(token, at: time)
    self.number = number
  }
}

/// The sessions that one caller goes round.
///
/// An ended session is replaced once the supply has opened another one.
struct SessionRound {
  var sessions: [FollowedSession]
  private let supply: SessionSupply
  private var position = 0

  /// The interval in which a caller checks whether a session was opened for it.
  private static let lookout = Duration.milliseconds(5)

  init(_ tokens: [IssuedToken], supply: SessionSupply) {
    sessions = tokens.map { FollowedSession($0, at: .zero) }
    self.supply = supply
  }

  /// Returns the position of the next session in the round that can be presented, or nil if none can.
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

  /// Returns the time at which one of them can be presented, or may have been opened.
  func nextReady(after now: Duration) -> Duration {
    var next = Duration.seconds(86_400)
    for session in sessions { next = min(next, session.isEmpty ? now + Self.lookout : session.ready) }
    return max(next, now + .microseconds(50))
  }

  /// Ends a session and orders a replacement.
  mutating func end(_ position: Int) {
    sessions[position].isEmpty = true
    supply.order()
  }

  /// Checks whether the session of a consumed token is still followed.
  func follows(_ source: ConsumedTokens.Entry) -> Bool {
    sessions[source.position].number == source.number && !sessions[source.position].isEmpty
  }
}
