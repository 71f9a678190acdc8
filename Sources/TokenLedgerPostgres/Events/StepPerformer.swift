#if Postgres
/// A place for steps that no caller's rotation waits for: the lanes.
package protocol StepPerformer: Sendable {
  /// Runs `body` on one of the ledger's connections, on a thread that can wait. A `body` that is interrupted can be run
  /// again: it must come to the same.
  ///
  /// - Throws: as every call of a ledger.
  func perform<Outcome: Sendable>(
    _ body: @escaping @Sendable (LedgerConnection, _ deadline: ContinuousClock.Instant) throws(DatabaseError) -> Outcome
  ) async throws(LedgerError) -> Outcome
}
#endif
