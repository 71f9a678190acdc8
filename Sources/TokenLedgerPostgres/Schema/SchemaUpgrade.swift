#if Postgres
/// A step from one version of the schema to the next.
///
/// It adds what programs of the new version need, so that those of the former version can continue while they are
/// replaced. A later step removes what is no longer needed, and then serves no older program (``oldestProgram``).
package struct SchemaUpgrade: Sendable, Hashable {
  /// The version after the step, which is one more than the version before it.
  package let version: Int64
  /// The oldest program that the schema still serves after the step.
  package let oldestProgram: Int64
  /// The SQL for a schema that is first in the search path.
  ///
  /// No step of a ledger is under way while it runs, and none begins until it is committed, so it must not go through a
  /// table row by row.
  package let script: String

  package init(version: Int64, oldestProgram: Int64, script: String) {
    (self.version, self.oldestProgram, self.script) = (version, oldestProgram, script)
  }

  /// Runs the script in the open transaction, and records it.
  func run(on connection: DatabaseConnection, deadline: ContinuousClock.Instant) throws(DatabaseError) {
    try connection.simple(script, deadline: deadline)
    _ = try connection.transaction(
      [Query(Self.record, [.int64(version), .int64(oldestProgram)])], deadline: deadline)
  }

  /// A statement that waits until no step is under way, and makes new ones wait for the transaction.
  ///
  /// The statement fails after two seconds.
  static let endOfSteps = Statement(
    name: "schema_steps",
    sql: """
      select set_config('lock_timeout', '2s', true), pg_advisory_xact_lock(\(LedgerSQL.lockSpace), \(LedgerSQL.stepLock))
      """)

  private static let record = Statement(
    name: "schema_record", sql: "update ledger set version = $1, oldest_program = $2")
}
#endif
