public import RotationModel

/// The health of the log of a running engine.
public struct LogHealth: Sendable {
  public typealias State = LedgerHealth.State

  /// The figures of the files since the log was opened.
  public struct Files: Sendable, Hashable {
    public var segments: Int
    public var bytesWritten: UInt64
    public var commits: UInt64
    public var records: UInt64
    public var syncs: UInt64
    public var lastCommit: Duration
    /// The highest sequence that is known to be on disk, whatever the durability.
    public var syncedSequence: UInt64
  }

  public var state = State.acceptsChanges
  /// The configured durability, which decides when an answer is sent: `always`, `interval`, `none`.
  public var durability: String
  public var ledger: LedgerStatistics
  /// The figures of the files, or nil for an engine without a log.
  public var files: Files?
}
