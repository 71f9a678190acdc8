public import WriteAheadLog

/// How a ``RefreshLedger`` keeps its log.
public struct LedgerOptions: Sendable {
  /// When an outcome counts as durable.
  public var durability: Durability
  /// A segment of the log is closed when it has grown past this many bytes. 64 KiB…4 GiB.
  public var segmentBytesMax: Int
  /// Records that wait for the disk; past this many bytes calls fail with `LogFailure.overloaded` at once.
  public var stagedBytesMax: Int
  /// How many sessions a subject may have at a time: the next opening revokes the least recently used. 0 for any number.
  public var sessionsPerSubjectMax: Int
  /// As in `LogOptions`.
  package var onCommit: (@Sendable (Duration) -> Void)?
  /// As in `LogOptions`; a simulation wants less.
  package var preallocationBytes = 1 << 20
  /// As in `LogOptions`.
  package var identity: LogIdentity?
  /// As in `LogOptions`.
  var acceptsRollback = false
  /// As in `LogOptions`.
  var epochFloor: UInt32 = 0

  public init(
    durability: Durability = .always, segmentBytesMax: Int = 64 << 20,
    stagedBytesMax: Int = 16 << 20, sessionsPerSubjectMax: Int = 0
  ) {
    self.durability = durability
    self.segmentBytesMax = segmentBytesMax
    self.stagedBytesMax = stagedBytesMax
    self.sessionsPerSubjectMax = sessionsPerSubjectMax
  }
}

/// An outcome, and the sequence number that must be durable before anybody may hear of it.
package struct Staged<Outcome: Sendable>: Sendable {
  package let outcome: Outcome
  package let sequence: UInt64
  /// The ledger's time in the step that decided it.
  package let time: Timestamp
  /// By how many seconds that is ahead of the wall clock.
  package var shift: Int64 = 0
}

/// Figures of a running ledger, each as of one moment.
public struct LedgerStatistics: Sendable, Hashable {
  /// Sessions that were neither revoked one by one nor swept away since their end. What a wide revocation ended counts until
  /// the sweep has passed: seconds.
  public var liveSessions: Int
  /// Entries held: live, revoked and one-time, until they end.
  public var entries: Int
  /// The last sequence number given.
  public var sequence: UInt64
  /// The last sequence number known to be durable.
  public var durableSequence: UInt64
  /// Bytes of log that a restart would read besides the last checkpoint; see ``RefreshLedger/bytesSinceCheckpoint``.
  public var logBytes: UInt64
  /// By how many whole seconds the ledger's time is ahead of the wall clock: 0 unless that was set back.
  public var clockShiftSeconds: Int64
  /// Whether the ledger still accepts writes.
  public var isWritable: Bool
}
