import Synchronization

/// A number that any thread may change.
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
