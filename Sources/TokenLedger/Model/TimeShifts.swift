/// The changes of the shift: the seconds by which the ledger's time was ahead of the wall clock, with the time of each.
///
/// Records hold times of the ledger. People and verifiers elsewhere are shown those times minus the shift that was in
/// force.
package struct TimeShifts: Sendable, Hashable {
  package struct Change: Sendable, Hashable {
    package var from: Timestamp
    package var seconds: Int64

    package init(from: Timestamp, seconds: Int64) {
      self.from = from
      self.seconds = seconds
    }
  }

  /// The changes in ascending order of time.
  package private(set) var changes: [Change] = []

  /// The most changes that are kept.
  ///
  /// The oldest one is then dropped, which affects only how the time before it is shown.
  package static let changesMax = 256
  /// The longest shift: from 1970 to the end of the year 9999.
  package static let secondsMax = Timestamp.latestMilliseconds / 1000

  package init() {}

  /// The shift in force now.
  package var seconds: Int64 { changes.last?.seconds ?? 0 }

  /// Returns the shift in force at a time.
  @inline(__always)
  package func seconds(at time: Timestamp) -> Int64 {
    changes.isEmpty ? 0 : changes.last { $0.from <= time }?.seconds ?? 0
  }

  /// Returns the shift by which a past time is shown at `now`.
  ///
  /// This is the shift that was in force then, unless that clock was ahead of the one that is right now and the time
  /// would be shown as in the future.
  @inline(__always)
  package func shownSeconds(of time: Timestamp, at now: Timestamp) -> Int64 {
    guard !changes.isEmpty else { return 0 }
    let then = seconds(at: time)
    let isToCome =
      time.advanced(byMilliseconds: -1000 * then) > now.advanced(byMilliseconds: -1000 * seconds)
    return isToCome ? seconds : then
  }

  /// Returns the time of the wall clock, by the shift in force then.
  package func wallTime(of time: Timestamp) -> Timestamp {
    time.advanced(byMilliseconds: -1000 * seconds(at: time))
  }

  package mutating func change(to seconds: Int64, from time: Timestamp) {
    if changes.count == Self.changesMax { changes.removeFirst() }
    changes.append(Change(from: time, seconds: seconds))
  }

  /// Returns the reason that a change cannot follow, or nil if it can.
  func contradiction(in seconds: Int64, from time: Timestamp) -> String? {
    guard (0...Self.secondsMax).contains(seconds) else { return "a shift of time is out of range" }
    guard seconds != self.seconds else { return "a shift of time is no change" }
    return changes.last.map { $0.from < time } ?? true ? nil : "a shift of time is not later than the one before it"
  }
}
