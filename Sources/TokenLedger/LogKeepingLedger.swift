package import WriteAheadLog

/// What only a ledger with a log of its own has: checkpoints, which bound the log, and figures of its files.
package protocol LogKeepingLedger: SessionLedger {
  /// See ``RefreshLedger/checkpoint(onProgress:)``.
  func checkpoint(
    onProgress: @escaping @Sendable (CheckpointProgress) -> Void
  ) async throws(LogError) -> CheckpointReport?

  /// Writes a checkpoint when the log has grown by so many bytes, or another process asks for one, until the task is cancelled. One that failed is
  /// tried again after a minute.
  func writeCheckpoints(
    everyBytes bytes: Int, _ report: @escaping @Sendable (Result<CheckpointReport, LogError>) -> Void
  ) async

  /// Nil for a ledger in memory.
  var logStatistics: LogStatistics? { get }

  /// Why the log no longer accepts writes; nil while it does.
  var logFailure: LogError? { get }
}
