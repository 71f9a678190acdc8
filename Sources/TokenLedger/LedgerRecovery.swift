internal import WriteAheadLog

/// How far a replay has come.
public struct LedgerReplayProgress: Sendable, Hashable {
  public var bytesRead: UInt64
  public var bytesTotal: UInt64
  public var records: UInt64
}

/// What the opening of a ledger found.
public struct LedgerRecovery: Sendable {
  /// Records replayed.
  public var records: UInt64
  /// The last sequence number in the log.
  public var sequence: UInt64
  /// The log, as 32 hexadecimal digits.
  public var identity: String
  /// Counts the openings for writing. A log whose epoch or sequence is below what was seen of it elsewhere, in an
  /// earlier start-up message say, was rolled back.
  public var epoch: UInt32
  /// The last record that the checkpoint in use covers; nil without one.
  public var checkpointSequence: UInt64?
  /// Whether the log ended with the mark of a clean shutdown; true for a new one.
  public var wasClosedCleanly: Bool
  /// Whether there was no log, so that one was made.
  public var isNew: Bool
  /// What a crash left half-written at the end, which was cut off after a copy was kept; nil where there was nothing.
  public var tornTail: TornTail?

  public struct TornTail: Sendable, Hashable {
    public var segment: String
    public var offset: UInt64
    public var bytes: UInt64
    /// The file in the log folder that keeps the bytes.
    public var copy: String
  }
}

/// What ending the sessions of a rolled-back log came to.
public struct Settlement: Sendable, Hashable {
  public var sessionsEnded: Int
  public var oneTimeTokensEnded: Int
  /// The last record of the log afterwards.
  public var sequence: UInt64
  /// Of the opening that did it.
  public var epoch: UInt32
}

/// How far the ending of the sessions of a rolled-back log has come: first the replay, then the ending.
public enum SettlementProgress: Sendable, Hashable {
  case replaying(LedgerReplayProgress)
  /// Of the places of the ledger's table, some of which are free.
  case ending(placesDone: Int, placesTotal: Int)
}

extension LedgerRecovery {
  init(_ recovery: LogRecovery) {
    self.init(
      records: recovery.records, sequence: recovery.lastSequence, identity: recovery.identity.description,
      epoch: recovery.epoch, checkpointSequence: recovery.checkpointSequence,
      wasClosedCleanly: recovery.wasClosedCleanly, isNew: recovery.isNew,
      tornTail: recovery.tornTail.map { torn in
        TornTail(
          segment: torn.place.segment, offset: torn.place.offset, bytes: torn.bytes, copy: torn.copy ?? "")
      })
  }
}
