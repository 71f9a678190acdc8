internal import TokenLedger

extension SimulatedLife {
  /// Reads the ledger's time, as a verifier does that asks nobody else.
  @discardableResult
  func readTime(_ ledger: RefreshLedger) -> Int64 {
    let asked = world.oracle.askForNew()
    let before = world.time.boot
    let time = ledger.time.now().milliseconds
    world.trace.mix(UInt64(bitPattern: time))
    world.oracle.noteReading(time, asked: asked, before: before)
    return time
  }

  /// A heartbeat.
  func sweep(_ ledger: RefreshLedger) async {
    let asked = world.oracle.askForNew()
    let swept: Void? = await answered(nil) { () async throws(LedgerFailure) in try await ledger.sweepExpired() }
    if swept != nil { world.oracle.noteSweep(asked: asked) }
  }
}
