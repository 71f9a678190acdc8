import CoreMetrics

/// One gauge with one set of label values; a meter of swift-metrics, or a recorder that does not aggregate.
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
