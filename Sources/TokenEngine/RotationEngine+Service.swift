public import ServiceLifecycle
internal import TokenLedger

extension RotationEngine: Service {
  /// Frees expired sessions once a second until the service group shuts down gracefully, then closes the log cleanly.
  ///
  /// Put the engine before the servers that use it: a service group ends its services in reverse order, so the log
  /// is closed after the last request. A failed log does not end it: ``isReady`` turns false and changes are refused.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        try? await self.ledger.sweepExpired()
      }
    }
    try await close()
  }
}
