/// By how many seconds the ledger's time was ahead of the wall clock, and from when on.
///
/// What a record says of times is the ledger's. What is shown to people and to verifiers elsewhere is that time less the shift that was in
/// force then.
package struct TimeShifts: Sendable, Hashable {
  package struct Change: Sendable, Hashable {
    package var from: Timestamp
    package var seconds: Int64

    package init(from: Timestamp, seconds: Int64) {
      self.from = from
      self.seconds = seconds
    }
  }

  /// By rising time.
  package private(set) var changes: [Change] = []

  /// The most changes that are kept. The oldest is dropped then: only what is shown of the time before is concerned.
  package static let changesMax = 256
  /// The longest shift: from 1970 to the end of the year 9999.
  package static let secondsMax = Timestamp.latestMilliseconds / 1000

  package init() {}

  /// In force now.
  package var seconds: Int64 { changes.last?.seconds ?? 0 }

  /// In force at a time.
  @inline(__always)
  package func seconds(at time: Timestamp) -> Int64 {
    changes.isEmpty ? 0 : changes.last { $0.from <= time }?.seconds ?? 0
  }

  /// By which a time that is past at `now` is shown: what the clock said then, but not as if it were to come, where that clock was ahead of the one
  /// that is right now.
  @inline(__always)
  package func shownSeconds(of time: Timestamp, at now: Timestamp) -> Int64 {
    guard !changes.isEmpty else { return 0 }
    let then = seconds(at: time)
    let isToCome =
      time.advanced(byMilliseconds: -1000 * then) > now.advanced(byMilliseconds: -1000 * seconds)
    return isToCome ? seconds : then
  }

  /// The wall clock's time, as the shift in force then has it.
  package func wallTime(of time: Timestamp) -> Timestamp {
    time.advanced(byMilliseconds: -1000 * seconds(at: time))
  }

  package mutating func change(to seconds: Int64, from time: Timestamp) {
    if changes.count == Self.changesMax { changes.removeFirst() }
    changes.append(Change(from: time, seconds: seconds))
  }

  /// Why a change cannot follow; nil if it can.
  func contradiction(in seconds: Int64, from time: Timestamp) -> String? {
    guard (0...Self.secondsMax).contains(seconds) else { return "a shift of time is out of range" }
    guard seconds != self.seconds else { return "a shift of time is no change" }
    return changes.last.map { $0.from < time } ?? true ? nil : "a shift of time is not later than the one before it"
  }
}
