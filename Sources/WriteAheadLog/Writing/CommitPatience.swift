/// The time for which the log's thread lets records gather before it writes the next frame.
///
/// Callers that were just acknowledged tend to come back at once, each with its next record. A commit that begins the
/// moment the last one has ended takes the few that were quickest, and all others wait for two syncs. So a commit waits
/// for most of those whom the last one woke, for no longer than that one took; and if they do not come back, ever more
/// seldom. A caller alone never waits.
struct CommitPatience {
  /// The records to wait for, and the longest time.
  struct Wait: Equatable {
    var records: Int
    var time: Duration
  }

  /// Fewer callers than this are not waited for.
  static let callersMin = 4
  static let timeRange = Duration.microseconds(50)...Duration.microseconds(400)
  /// The most commits without a wait after waits in vain.
  static let pauseMax = 64

  private var pause = 0
  private var pauseNext = 1

  /// Returns the wait before the next commit, or nil for none.
  ///
  /// `woken` is the number of callers that the last commit acknowledged, and `commit` the time that it took.
  mutating func wait(afterWaking woken: Int, commit: Duration) -> Wait? {
    guard woken >= Self.callersMin else { return nil }
    guard pause == 0 else {
      pause -= 1
      return nil
    }
    return Wait(
      records: woken - woken / 8, time: min(max(commit, Self.timeRange.lowerBound), Self.timeRange.upperBound))
  }

  /// Takes the result of a wait: true if the records came.
  mutating func note(arrived: Bool) {
    if arrived {
      pauseNext = 1
    } else {
      pause = pauseNext
      pauseNext = min(2 * pauseNext, Self.pauseMax)
    }
  }
}
