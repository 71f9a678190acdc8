public import WriteAheadLog

/// The options of the log of a ``RefreshLedger``.
public struct LedgerOptions: Sendable {
  /// The moment at which an outcome counts as durable.
  public var durability: Durability
  /// The number of bytes past which a segment of the log is closed, from 64 KiB to 4 GiB.
  public var segmentBytesMax: Int
  /// The bytes of records that can wait for the disk; past them, calls fail with `LogError.overloaded` at once.
  public var stagedBytesMax: Int
  /// The most sessions of a subject at a time: opening one more revokes the least recently used one.
  ///
  /// A value of 0 sets no cap.
  public var sessionsPerSubjectMax: Int
  /// The `LogOptions.onCommit` of the log.
  package var onCommit: (@Sendable (Duration) -> Void)?
  /// The `LogOptions.preallocationBytes` of the log; a simulation uses less.
  package var preallocationBytes = 1 << 20
  /// The `LogOptions.identity` of the log.
  package var identity: LogIdentity?
  /// The `LogOptions.acceptsRollback` of the log.
  var acceptsRollback = false
  /// The `LogOptions.acceptsMove` of the log.
  package var acceptsMove = false
  /// The `LogOptions.epochFloor` of the log.
  var epochFloor: UInt32 = 0

  public static let segmentBytesLimit = Limit((64 << 10)...(4 << 30), "from 64KiB to 4GiB")
  /// The limit of the bytes by which the log grows before the next checkpoint.
  public static let checkpointBytesLimit = Limit((1 << 20)...(1 << 40), "from 1MiB to 1TiB")
  /// The limit of the interval in ``Durability/interval(_:)``.
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
  /// Creates the error of a call from that of the log, in the terms of all ledgers.
  package init(_ failure: LogError) {
    switch failure {
    case .overloaded: self = .overloaded
    case .locked, .corrupt, .unsupportedVersion, .io, .rolledBack, .moved, .closed: self = .closed(failure.description)
    case .waitEnded: self = .outcomeUnknown(failure.description)
    }
  }

  /// Creates the error of reading the log's files; the ledger continues.
  init(reading failure: LogError) {
    self = failure == .closed ? .closed(failure.description) : .unavailable(failure.description)
  }
}
