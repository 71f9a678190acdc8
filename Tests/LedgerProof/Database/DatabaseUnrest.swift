#if Postgres
internal import LedgerTesting
internal import PostgresTesting

/// Has one instance's connections to the database fail again and again while clients call.
struct DatabaseUnrest: Sendable {
  let proxy: FaultProxy
  let instance: ProofInstance
  /// Whether answers are held for longer than the instance waits.
  let holds: Bool

  /// Makes faults until the task is cancelled, and leaves the way free then.
  ///
  /// However slow the machine is, between two faults the instance gets to an answer.
  func run(seed: UInt64) async {
    var random = SeededGenerator(seed: seed)
    while !Task.isCancelled {
      switch Int.random(in: 0..<10, using: &random) {
      case 0: instance.cut()
      case 1:
        proxy.isRefusing = true
        instance.cut()
        await pause(20...100, &random)
        proxy.isRefusing = false
      default:
        let forms = DatabaseFaultForm.all.filter { holds || $0 != .hold }
        proxy.set(.request(Int.random(in: 1...12, using: &random), forms.randomElement(using: &random) ?? .cutAfter))
      }
      await pause(5...60, &random)
      proxy.set(nil)
      while !Task.isCancelled, await !instance.answers() {}
    }
    proxy.set(nil)
    proxy.isRefusing = false
    if holds { instance.cut() }
  }

  private func pause(_ range: ClosedRange<Int>, _ random: inout SeededGenerator) async {
    try? await Task.sleep(for: .milliseconds(Int.random(in: range, using: &random)))
  }
}
#endif
