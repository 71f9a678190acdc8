package import WriteAheadLog

/// A ledger with a log of its own, which has checkpoints, to bound the log, and figures of its files.
package protocol LogKeepingLedger: SessionLedger {
  /// Writes a checkpoint; see ``RefreshLedger/checkpoint(onProgress:)``.
  func checkpoint(
    onProgress: @escaping @Sendable (CheckpointProgress) -> Void
  ) async throws(LogError) -> CheckpointReport?

  /// Writes a checkpoint whenever the log has grown by this many bytes or another process asks for one, until the task
  /// is cancelled. A checkpoint that failed is tried again after a minute.
  func writeCheckpoints(
    everyBytes bytes: Int, _ report: @escaping @Sendable (Result<CheckpointReport, LogError>) -> Void
  ) async

  /// The figures of the log, or nil for a ledger in memory.
  var logStatistics: LogStatistics? { get }

  /// The reason that the log no longer accepts writes, or nil while it does.
  var logFailure: LogError? { get }
}
