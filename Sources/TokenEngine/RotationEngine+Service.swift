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
    while (try? await Task.sleep(for: .seconds(1))) != nil {
      try? await ledger.sweepExpired()
    }
  }

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
