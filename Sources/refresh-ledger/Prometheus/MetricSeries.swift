import CoreMetrics
import Synchronization

/// A histogram with one set of label values: a timer of swift-metrics, in seconds, or a recorder that aggregates.
final class HistogramSeries: TimerHandler, RecorderHandler {
  /// The upper bounds of all buckets but the last, which takes the rest: from a commit on a fast disk to a disk that
  /// does not answer.
  static let bounds: [Double] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5,
  ]

  /// The number of values in each bucket.
  ///
  /// There is one bucket more than there are bounds.
  private let counts = InlineArray<14, Atomic<UInt64>> { _ in Atomic(0) }
  private let total = AtomicDouble()

  /// The sum of all values.
  ///
  /// It can be ahead of ``cumulativeCounts`` or behind them while a value is recorded.
  var sum: Double { total.value }

  /// The number of values up to each bound, followed by the number of all values.
  var cumulativeCounts: [UInt64] {
    var count: UInt64 = 0
    return counts.indices.map { bucket in
      count += counts[bucket].load(ordering: .relaxed)
      return count
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    guard value.isFinite else { return }
    let bucket = HistogramSeries.bounds.firstIndex { value <= $0 } ?? HistogramSeries.bounds.count
    counts[bucket].wrappingAdd(1, ordering: .relaxed)
    total.add(value)
  }
}

/// A counter with one set of label values.
final class CounterSeries: CounterHandler {
  private let count = Atomic<Int64>(0)

  var value: Int64 { count.load(ordering: .relaxed) }

  /// Adds to the counter.
  ///
  /// It never decreases: an amount below 0 is ignored.
  func increment(by amount: Int64) {
    if amount > 0 { count.wrappingAdd(amount, ordering: .relaxed) }
  }

  func reset() {
    count.store(0, ordering: .relaxed)
  }
}

/// A gauge with one set of label values: a meter of swift-metrics, or a recorder that does not aggregate.
final class GaugeSeries: MeterHandler, RecorderHandler {
  private let number = AtomicDouble()

  var value: Double { number.value }

  func set(_ value: Int64) { number.store(Double(value)) }

  func set(_ value: Double) { number.store(value) }

  func increment(by amount: Double) { number.add(amount) }

  func decrement(by amount: Double) { number.add(-amount) }

  func record(_ value: Int64) { set(value) }

  func record(_ value: Double) { set(value) }
}

/// A number that any thread can change.
struct AtomicDouble: ~Copyable, Sendable {
  private let bits = Atomic<UInt64>((0.0).bitPattern)

  var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  func store(_ value: Double) {
    bits.store(value.bitPattern, ordering: .relaxed)
  }

  func add(_ amount: Double) {
    var seen = bits.load(ordering: .relaxed)
    while true {
      let sum = (Double(bitPattern: seen) + amount).bitPattern
      let (exchanged, original) = bits.weakCompareExchange(expected: seen, desired: sum, ordering: .relaxed)
      if exchanged { return }
      seen = original
    }
  }
}
