internal import Histogram
internal import Synchronization

/// A collector of the counts of all callers, which each hands on a few times a second.
final class LoadCollector: Sendable {
  struct State: Sendable {
    var total = Tally()
    var intervals: [LoadInterval] = []
    var latency = LoadInterval.histogram()
    /// The latencies in an open loop from the moment a request was sent.
    var service = LoadInterval.histogram()
    var lateness = LoadInterval.histogram()
    /// The first violations.
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

  /// Adds a violation, and returns whether it is one of those that are kept.
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

/// The counts of one caller that were not handed on yet, so that a rotation takes no lock.
struct LoadRecorder {
  var tally = Tally()
  private var latencies: [Int64] = []
  private var services: [Int64] = []
  private var lateness: [Int64] = []
  private var interval = 0
  private var nextFlush: Duration
  private let collector: LoadCollector
  private let isOpenLoop: Bool

  private static let samplesMax = 256
  private static let keptFor = Duration.seconds(1)

  init(_ collector: LoadCollector, isOpenLoop: Bool) {
    self.collector = collector
    self.isOpenLoop = isOpenLoop
    nextFlush = min(collector.intervalLength, Self.keptFor)
    latencies.reserveCapacity(Self.samplesMax)
  }

  /// Counts a rotation that was due at `due`, sent at `sent` and granted at `time`.
  mutating func rotated(due: Duration, sent: Duration, at time: Duration) {
    reach(time)
    tally.rotations += 1
    latencies.append((time - due).wholeNanoseconds)
    if isOpenLoop { services.append((time - sent).wholeNanoseconds) }
    if latencies.count == Self.samplesMax { flush() }
  }

  /// Counts a request that was sent late although its caller had nothing else to do.
  mutating func woke(late: Duration) {
    if lateness.count < Self.samplesMax { lateness.append(late.wholeNanoseconds) }
  }

  /// Moves on to the interval of `time`, to which everything counted from now on belongs.
  mutating func reach(_ time: Duration) {
    guard time >= nextFlush else { return }
    flush()
    interval = Int(time / collector.intervalLength)
    nextFlush = min(collector.intervalLength * (interval + 1), time + Self.keptFor)
  }

  mutating func flush() {
    collector.add(tally, interval: interval, latencies: latencies, services: services, lateness: lateness)
    tally = Tally()
    latencies.removeAll(keepingCapacity: true)
    services.removeAll(keepingCapacity: true)
    lateness.removeAll(keepingCapacity: true)
  }
}
