public import WriteAheadLog

/// How a ``RefreshLedger`` keeps its log.
public struct LedgerOptions: Sendable {
  /// When an outcome counts as durable.
  public var durability: Durability
  /// A segment of the log is closed when it has grown past this many bytes. 64 KiB…4 GiB.
  public var segmentBytesMax: Int
  /// Records that wait for the disk; past this many bytes calls fail with `LogError.overloaded` at once.
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
  package var acceptsMove = false
  /// As in `LogOptions`.
  var epochFloor: UInt32 = 0

  public static let segmentBytesLimit = Limit((64 << 10)...(4 << 30), "from 64KiB to 4GiB")
  /// By how much the log grows until the next checkpoint.
  public static let checkpointBytesLimit = Limit((1 << 20)...(1 << 40), "from 1MiB to 1TiB")
  /// Of ``Durability/interval(_:)``.
  public static let syncIntervalLimit = Limit(Duration.milliseconds(1)...(.seconds(3600)), "from 1ms to 1h")

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

extension LedgerError {
  /// What a log says of a call, as every ledger says it.
  package init(_ failure: LogError) {
    switch failure {
    case .overloaded: self = .overloaded
    case .locked, .corrupt, .unsupportedVersion, .io, .rolledBack, .moved, .closed: self = .closed(failure.description)
    case .waitEnded: self = .outcomeUnknown(failure.description)
    }
  }

  /// What a reading of the log's files came to; the ledger goes on.
  init(reading failure: LogError) {
    self = failure == .closed ? .closed(failure.description) : .unavailable(failure.description)
  }
}
