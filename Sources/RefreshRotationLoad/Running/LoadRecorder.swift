/// What one caller has counted and not yet handed on, so that a rotation takes no lock.
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

  /// A rotation that was due at `due`, went out at `sent` and was granted at `time`.
  mutating func rotated(due: Duration, sent: Duration, at time: Duration) {
    reach(time)
    tally.rotations += 1
    latencies.append((time - due).wholeNanoseconds)
    if isOpenLoop { services.append((time - sent).wholeNanoseconds) }
    if latencies.count == Self.samplesMax { flush() }
  }

  /// A request went out late although its caller had nothing else to do.
  mutating func woke(late: Duration) {
    if lateness.count < Self.samplesMax { lateness.append(late.wholeNanoseconds) }
  }

  /// What is counted from now on belongs to the interval of `time`.
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
