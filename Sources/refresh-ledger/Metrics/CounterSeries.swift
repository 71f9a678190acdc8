import CoreMetrics
import Synchronization

/// One counter with one set of label values.
final class CounterSeries: CounterHandler {
  private let count = Atomic<Int64>(0)

  var value: Int64 { count.load(ordering: .relaxed) }

  /// A counter never goes back: less than 0 is not taken.
  func increment(by amount: Int64) {
    if amount > 0 { count.wrappingAdd(amount, ordering: .relaxed) }
  }

  func reset() {
    count.store(0, ordering: .relaxed)
  }
}
