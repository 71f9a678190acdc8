/// Times of calls in nanoseconds, with what a paced caller could not ask while it waited.
struct Latencies: Sendable {
  private var values: [UInt64] = []

  /// Coordinated omission is corrected as HdrHistogram does: a call that took several intervals stands for the calls
  /// that would have begun meanwhile.
  mutating func add(_ duration: Duration, interval: Duration) {
    var rest = duration
    repeat {
      values.append(UInt64(max(0, rest / .nanoseconds(1))))
      rest -= interval
    } while rest > .zero
  }

  mutating func add(_ others: Latencies) { values += others.values }

  var count: Int { values.count }

  /// Microseconds below which this share of the calls is, for each share; the last is the slowest of all.
  func microseconds(at shares: [Double]) -> [Double] {
    let sorted = values.sorted()
    guard let last = sorted.last else { return shares.map { _ in 0 } + [0] }
    let values = shares.map { sorted[min(sorted.count - 1, Int(Double(sorted.count) * $0))] } + [last]
    return values.map { Double($0) / 1000 }
  }
}
