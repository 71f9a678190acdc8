internal import WriteAheadLog

/// The progress of a replay.
public struct LedgerReplayProgress: Sendable, Hashable {
  public var bytesRead: UInt64
  public var bytesTotal: UInt64
  public var records: UInt64
}

/// The findings of opening a ledger.
public struct LedgerRecovery: Sendable {
  /// The number of records that were replayed.
  public var records: UInt64
  /// The last sequence number in the log.
  public var sequence: UInt64
  /// The identity of the log, as 32 hexadecimal digits.
  public var identity: String
  /// The number of times that the log was opened for writing.
  ///
  /// A log whose epoch or sequence is below a value seen earlier, such as one in a start-up message, was rolled back.
  public var epoch: UInt32
  /// The last record that the checkpoint in use covers, or nil without one.
  public var checkpointSequence: UInt64?
  /// True if the log ended with the mark of a clean shutdown; also true for a new one.
  public var wasClosedCleanly: Bool
  /// True if there was no log, so that one was made.
  public var isNew: Bool
  /// The torn end of the log, left half-written by a crash, which was cut off after a copy was kept; nil if there was
  /// none.
  public var tornTail: TornTail?

  public struct TornTail: Sendable, Hashable {
    public var segment: String
    public var offset: UInt64
    public var bytes: UInt64
    /// The file in the log folder that keeps the bytes.
    public var copy: String
  }
}

/// The result of ending the sessions of a rolled-back log.
public struct Settlement: Sendable, Hashable {
  public var sessionsEnded: Int
  public var oneTimeTokensEnded: Int
  /// The last record of the log afterwards.
  public var sequence: UInt64
  /// The epoch of the opening that ended them.
  public var epoch: UInt32
}

/// The progress of ending the sessions of a rolled-back log: first the replay, then the ending.
public enum SettlementProgress: Sendable, Hashable {
  case replaying(LedgerReplayProgress)
  /// The progress through the slots of the ledger's table, some of which are free.
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
