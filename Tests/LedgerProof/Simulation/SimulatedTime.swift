internal import LedgerTesting
internal import TokenLedger

/// The wall clock of a simulation: stands still, jumps, goes back, when the seed says so. Used by one thread.
///
/// `@unchecked`: only the simulation's thread touches it.
final class SimulatedTime: @unchecked Sendable {
  private(set) var now: Int64 = 1_767_225_600_000
  private let trace: SimulationTrace
  /// Hears of every change.
  private let onChange: (Int64) -> Void

  init(trace: SimulationTrace, onChange: @escaping (Int64) -> Void) {
    self.trace = trace
    self.onChange = onChange
    onChange(now)
  }

  var clock: SessionClock {
    SessionClock {
      self.trace.mix(UInt64(bitPattern: self.now))
      return Timestamp(milliseconds: self.now)
    }
  }

  func move(by milliseconds: Int64) {
    guard milliseconds != 0 else { return }
    now = max(0, now + milliseconds)
    trace.note("  clock \(now) (\(milliseconds > 0 ? "+" : "")\(milliseconds))")
    onChange(now)
  }

  /// A step as time takes it between two things that happen: mostly none, seldom more than seconds, sometimes back.
  func drift(using random: inout SeededGenerator) {
    switch random.next() % 64 {
    case 0..<40: break
    case 40..<54: move(by: Int64(random.next() % 4))
    case 54..<58: move(by: Int64(random.next() % 200))
    case 58..<60: move(by: Int64(random.next() % 5_000))
    case 60..<62: move(by: -Int64(random.next() % 50))
    default: if random.next() % 8 == 0 { jump(using: &random) }
    }
  }

  /// As after a long sleep, or when somebody sets it.
  func jump(using random: inout SeededGenerator) {
    let hour: Int64 = 3_600_000
    switch random.next() % 8 {
    case 0..<3: move(by: Int64(random.next() % 60_000))
    case 3: move(by: Int64(random.next() % UInt64(30 * hour)))
    case 4: move(by: 31 * 24 * hour)
    default: move(by: -Int64(random.next() % UInt64(2 * hour)))
    }
  }
}

/// The time that passes by itself, for whoever sleeps; it jumps to the next waking when nothing else goes on.
///
/// `@unchecked`: only the simulation's thread touches it.
final class SimulatedStopwatch: Clock, @unchecked Sendable {
  struct Instant: InstantProtocol {
    let offset: Duration

    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private struct Sleeper {
    let until: Instant
    let continuation: UnsafeContinuation<Void, Never>
  }

  private(set) var now = Instant(offset: .zero)
  private var sleepers: [Sleeper] = []
  private var isOver = false

  var minimumResolution: Duration { .nanoseconds(1) }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    guard !isOver else { throw CancellationError() }
    if deadline > now {
      await withUnsafeContinuation { continuation in
        // It may have ended while this task changed its executor.
        guard !isOver else { return continuation.resume() }
        sleepers.append(Sleeper(until: deadline, continuation: continuation))
      }
    }
    if isOver { throw CancellationError() }
    try Task.checkCancellation()
  }

  func advance(by duration: Duration) {
    now = now.advanced(by: duration)
    wake { $0.until <= now }
  }

  /// Goes to the moment at which the next sleeper wakes; false if nobody sleeps.
  func advanceToNext() -> Bool {
    guard let next = sleepers.map(\.until).min() else { return false }
    now = max(now, next)
    wake { $0.until <= now }
    return true
  }

  /// Nobody sleeps here any more: whoever does or will is told that it was cancelled.
  func end() {
    isOver = true
    wake { _ in true }
  }

  private func wake(_ isDue: (Sleeper) -> Bool) {
    let due = sleepers.filter(isDue)
    sleepers.removeAll(where: isDue)
    for sleeper in due { sleeper.continuation.resume() }
  }
}
