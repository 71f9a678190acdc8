#if Postgres
/// A step from one version of the schema to the next.
///
/// It adds what programs of the new version need, so those of the version before can go on while they are replaced.
/// What nobody needs any more a later one takes away, which then serves no program from before
/// (``oldestProgram``).
package struct SchemaUpgrade: Sendable, Hashable {
  /// The version that it leads to: one more than the one that it starts from.
  package let version: Int64
  /// The oldest program that the schema then still serves.
  package let oldestProgram: Int64
  /// SQL for a schema that is first in the search path. No step is under way while it runs, and none begins until it is
  /// committed, so it goes through no table row by row.
  package let script: String

  package init(version: Int64, oldestProgram: Int64, script: String) {
    (self.version, self.oldestProgram, self.script) = (version, oldestProgram, script)
  }

  /// Runs the script in the transaction that is open, and records it.
  func run(on connection: DatabaseConnection, deadline: ContinuousClock.Instant) throws(DatabaseError) {
    try connection.simple(script, deadline: deadline)
    _ = try connection.transaction(
      [Query(Self.record, [.int64(version), .int64(oldestProgram)])], deadline: deadline)
  }

  /// Waits until no step is under way, and has those that come wait for the transaction; gives up after two seconds.
  static let endOfSteps = Statement(
    name: "schema_steps",
    sql: """
      select set_config('lock_timeout', '2s', true), pg_advisory_xact_lock(\(LedgerSQL.lockSpace), \(LedgerSQL.stepLock))
      """)

  private static let record = Statement(
    name: "schema_record", sql: "update ledger set version = $1, oldest_program = $2")
}
#endif
