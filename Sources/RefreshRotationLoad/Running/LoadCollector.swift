internal import Histogram
internal import Synchronization

/// Where the counts of all callers come together, a few times a second from each.
final class LoadCollector: Sendable {
  struct State: Sendable {
    var total = Tally()
    var intervals: [LoadInterval] = []
    var latency = LoadInterval.histogram()
    /// Of an open loop: from the moment a request went out, and how late that was though a caller was free.
    var service = LoadInterval.histogram()
    var lateness = LoadInterval.histogram()
    /// The first ones.
    var violations: [LoadViolation] = []
  }

  static let violationsKept = 100

  let intervalLength: Duration
  private let state = Mutex(State())

  init(intervalLength: Duration) {
    self.intervalLength = intervalLength
  }

  func add(_ tally: Tally, interval: Int, latencies: [Int64], services: [Int64], lateness: [Int64]) {
    state.withLock { state in
      while state.intervals.count <= interval { state.intervals.append(LoadInterval()) }
      state.total.add(tally)
      state.intervals[interval].rotations += tally.rotations
      state.intervals[interval].errors += tally.errorCount
      state.intervals[interval].violations += tally.violations
      for latency in latencies {
        let value = Self.value(latency)
        state.intervals[interval].latency.record(value)
        state.latency.record(value)
      }
      for service in services { state.service.record(Self.value(service)) }
      for time in lateness { state.lateness.record(Self.value(time)) }
    }
  }

  /// Whether it is one of those that are kept.
  func keep(_ violation: LoadViolation) -> Bool {
    state.withLock { state in
      guard state.violations.count < Self.violationsKept else { return false }
      state.violations.append(violation)
      return true
    }
  }

  func read<Value: Sendable>(_ body: (borrowing State) -> Value) -> Value {
    state.withLock { body($0) }
  }

  private static func value(_ nanoseconds: Int64) -> UInt64 {
    UInt64(min(max(nanoseconds, 1), LoadInterval.nanosecondsMax))
  }
}
