#if Postgres
/// A performer of steps that do not delay any caller's rotation: the lanes.
package protocol StepPerformer: Sendable {
  /// Runs `body` on one of the ledger's connections, on a thread that can wait.
  ///
  /// An interrupted `body` can be run again, so it must have the same effect then.
  ///
  /// - Throws: The errors of every call of a ledger.
  func perform<Outcome: Sendable>(
    _ body: @escaping @Sendable (LedgerConnection, _ deadline: ContinuousClock.Instant) throws(DatabaseError) -> Outcome
  ) async throws(LedgerError) -> Outcome
}
#endif
