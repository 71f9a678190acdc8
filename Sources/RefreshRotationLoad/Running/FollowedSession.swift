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
