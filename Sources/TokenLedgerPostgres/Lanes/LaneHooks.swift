#if Postgres
package import TokenLedger

/// The questions and news of the lanes to the rest of the ledger, on their own threads: none of it waits.
package struct LaneHooks: Sendable {
  /// Looks at a connection that the connector has found to be a primary with the ledger: its timeline, its clock, and
  /// what was acknowledged.
  ///
  /// It throws if this instance must not serve from the connection.
  package var examine: @Sendable (DatabaseConnection) throws(DatabaseError) -> Void = { (_) throws(DatabaseError) in }
  /// Returns true if a server with this timeline was left behind by another one that this instance has seen: nothing
  /// more is asked of it.
  package var isLeftBehind: @Sendable (LedgerFacts) -> Bool = { _ in false }
  /// The least that the ledger's time must be by what the instance has seen of it, in milliseconds: the database's
  /// clock was possibly set back.
  ///
  /// It is nil if any time will do.
  package var leastTime: @Sendable () -> Int64? = { nil }
  /// A step was refused under this shift, in milliseconds, since the ledger's time was less than that.
  package var noteClockRefusal: @Sendable (_ shiftMilliseconds: Int64) -> Void = { _ in }
  /// A step had this time, by which the clocks of the instance go from then on.
  package var noteTime: @Sendable (_ time: Timestamp, _ shiftMilliseconds: Int64) -> Void = { _, _ in }
  /// Committed here: verifiers of this instance must know it before whoever asked for it does.
  package var noteRevocations: @Sendable ([RevocationRow]) -> Void = { _ in }
  /// The number of an event that was committed, before anybody is told of it, and the fence of the connection that it
  /// was committed over.
  package var acknowledge: @Sendable (_ number: Int64, _ fence: Int64) -> Void = { _, _ in }
  /// Returns true if a verifier of this instance has seen an access token of this id, which the database possibly does
  /// not know yet.
  package var isSeen: @Sendable (TokenID) -> Bool = { _ in false }
  /// A grace window is about to be opened that ends then at the latest.
  package var expectWindow: @Sendable (_ end: Timestamp) -> Void = { _ in }
  /// The shifts of times that were read last.
  package var shifts: @Sendable () -> TimeShifts = { TimeShifts() }

  package init() {}
}
#endif
