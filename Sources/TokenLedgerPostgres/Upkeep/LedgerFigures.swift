#if Postgres
internal import RotationModel

/// What a ledger's tables hold, as it was counted last.
///
/// Exact up to 200,000 sessions; beyond that it is PostgreSQL's own estimate, so that it costs the same whatever they hold.
package struct LedgerFigures: Sendable, Hashable {
  /// Sessions that were neither revoked one by one nor swept away since their end.
  package var liveSessions = 0
  /// Sessions, live and ended, and one-time tokens.
  package var entries = 0
  /// The last number that was given out.
  package var lastNumber: Int64 = 0

  package init() {}

  static func read(
    _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> LedgerFigures {
    let rows = try connection.look(Query(statement), deadline: deadline)
    guard rows.count == 1 else { throw .malformed("the ledger's sequence is gone") }
    var figures = LedgerFigures()
    let sessions = max(0, Int(clamping: try rows.int64(0, 0)))
    figures.liveSessions = max(0, Int(clamping: try rows.int64(0, 1)))
    figures.entries = sessions + max(0, Int(clamping: try rows.int64(0, 2)))
    figures.lastNumber = try rows.int64(0, 3)
    return figures
  }

  private static let exactMax = 200_000

  /// An expression for about how many rows of a table there are; those of a small one, or of one that was never looked at, are counted.
  private static func count(_ table: String, where condition: String = "true") -> String {
    let about = "(select c.reltuples from pg_class c where c.oid = '\(table)'::regclass)"
    return """
      case when \(about) > \(exactMax) then \(about)::int8 else (select count(*) from \(table) where \(condition)) end
      """
  }

  private static let statement = Statement(
    name: "figures",
    sql: """
      select \(count("session")), \(count("session", where: "status = 1")), \(count("one_time_token")),
        \(LedgerSQL.lastNumber) from ledger_number
      """)
}
#endif
