public import ServiceLifecycle
internal import Synchronization
internal import TokenLedger
internal import TokenSigning

extension RotationEngine: Service {
  /// Frees expired sessions once a second, writes a checkpoint when one is due, and puts changed key files in force within a second, until
  /// the service group shuts down gracefully; then closes the log cleanly.
  ///
  /// Put the engine before the servers that use it: a service group ends its services in reverse order, so the log
  /// is closed after the last request. A failed log does not end it: ``isReady`` turns false and changes are refused.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.sweep() }
        group.addTask { await self.writeCheckpoints() }
        group.addTask { await self.followKeys() }
      }
    }
    try await close()
  }

  private func sweep() async {
    // Where the log was written under a clock that was ahead of what this one says now.
    var shift = await ledger.statistics.clockShiftSeconds
    var lead = ledger.time.wallClockLead()
    while (try? await Task.sleep(for: .seconds(1))) != nil {
      try? await ledger.sweepExpired()
      tellStep(&lead, &shift, now: await ledger.statistics.clockShiftSeconds)
    }
  }

  /// A step of the wall clock, seen from one second to the next; what it leads to is decided in the ledger.
  private func tellStep(_ lead: inout Int64?, _ shift: inout Int64, now shiftNow: Int64) {
    let leadNow = ledger.time.wallClockLead()
    var step = lead.flatMap { before in leadNow.map { $0 - before } } ?? 0
    if abs(step) <= Self.clockStepMilliseconds, shiftNow > shift + Self.clockStepMilliseconds / 1000 {
      step = (shift - shiftNow) * 1000
    }
    if let leadNow { lead = leadNow }
    shift = shiftNow
    guard abs(step) > Self.clockStepMilliseconds else { return }
    observer.engine(observed: .clockStepped(byMilliseconds: step, shiftSeconds: shiftNow))
  }

  /// Less is what a time server does in passing.
  private static var clockStepMilliseconds: Int64 { 2000 }

  private func followKeys() async {
    guard let folder = keys.folder else { return }
    var watch = KeyFileWatch(folder: folder)
    while (try? await Task.sleep(for: .milliseconds(500))) != nil { await followKeys(&watch) }
  }

  /// A failed one is tried again after a minute.
  private func writeCheckpoints() async {
    var pause = Duration.seconds(1)
    while (try? await Task.sleep(for: pause)) != nil {
      pause = .seconds(1)
      let isAsked = ledger.isCheckpointRequested
      let grown = await ledger.bytesSinceCheckpoint
      guard isAsked || grown >= UInt64(options.checkpointEvery) else { continue }
      do throws(EngineFailure) {
        try await checkpoint(onProgress: ledger.tellingCheckpointRequest())
      } catch {
        pause = .seconds(60)
      }
      if isAsked { ledger.endCheckpointRequest() }
    }
  }
}
