public import RotationModel

/// How the log of a running engine is.
public struct LogHealth: Sendable {
  public typealias State = LedgerHealth.State

  /// Of the files, since the log was opened.
  public struct Files: Sendable, Hashable {
    public var segments: Int
    public var bytesWritten: UInt64
    public var commits: UInt64
    public var records: UInt64
    public var syncs: UInt64
    public var lastCommit: Duration
    /// The highest sequence known to be on disk, whatever the durability.
    public var syncedSequence: UInt64
  }

  public var state = State.acceptsChanges
  /// When an answer goes out, as the configuration says it: `always`, `interval`, `none`.
  public var durability: String
  public var ledger: LedgerStatistics
  /// Nil for an engine without a log.
  public var files: Files?
}
