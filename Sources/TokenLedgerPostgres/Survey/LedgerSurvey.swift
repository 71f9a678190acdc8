#if Postgres
/// The current state of a ledger's tables: the row of `ledger`, their contents and their sizes.
///
/// Reading it changes nothing.
///
/// The counts of large tables are PostgreSQL's estimates, so that the cost does not depend on their size.
package struct LedgerSurvey: Sendable, Hashable {
  package var version: Int64
  package var oldestProgram: Int64
  /// The state of the ledger: `open`, `copying`, `left` or `lacking`.
  package var state: String
  package var issuer: String?
  package var timeline: Int64
  package var shiftMilliseconds: Int64
  /// The newest time that a server recorded, as ledger time in milliseconds.
  package var highMilliseconds: Int64
  /// The current ledger time in milliseconds.
  package var nowMilliseconds: Int64
  package var fence: Int64
  /// The approximate number of sessions, live and ended.
  package var sessions: Int64
  package var sessionBytes: Int64
  package var eventBytes: Int64
  /// The time of the oldest event in milliseconds, or nil if there is none.
  package var oldestEventMilliseconds: Int64?
  /// The number of records of each kind: `key`, `user`, `client`.
  package var records: [String: Int64]
  /// The sealed bodies of the records of keys, by their names.
  package var sealedKeys: [String: [UInt8]]

  /// Reads the state of the existing ledger in a schema.
  ///
  /// - Throws: The errors of a transaction, or `.malformed` if the ledger's row is missing.
  package static func read(
    _ connection: DatabaseConnection, schema: String, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> LedgerSurvey {
    let name = "\"\(schema.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
    let ledger = Statement(
      name: "survey_ledger",
      sql: """
        select version::int8, oldest_program::int8, state, issuer, timeline, shift_ms, high_ms,
          (extract(epoch from clock_timestamp()) * 1000)::int8 + shift_ms, fence,
          greatest(0, (select reltuples::int8 from pg_class where oid = '\(name).session'::regclass)),
          pg_total_relation_size('\(name).session'::regclass),
          (select coalesce(sum(pg_total_relation_size(relid)), 0)::int8 from pg_partition_tree('\(name).event'::regclass)),
          (select at_ms from \(name).event order by number limit 1)
        from \(name).ledger
        """)
    let records = Statement(
      name: "survey_records", sql: "select kind, count(*) from \(name).record group by kind")
    let keys = Statement(name: "survey_keys", sql: "select name, body from \(name).record where kind = 'key'")
    let rows = try connection.transaction([Query(ledger), Query(records), Query(keys)], deadline: deadline)
    let one = rows[0]
    guard one.count == 1 else { throw .malformed("\(schema).ledger has \(one.count) rows and not one") }
    var survey = LedgerSurvey(
      version: try one.int64(0, 0), oldestProgram: try one.int64(0, 1), state: try one.text(0, 2),
      issuer: try one.textIfPresent(0, 3), timeline: try one.int64(0, 4), shiftMilliseconds: try one.int64(0, 5),
      highMilliseconds: try one.int64(0, 6), nowMilliseconds: try one.int64(0, 7), fence: try one.int64(0, 8),
      sessions: try one.int64(0, 9), sessionBytes: try one.int64(0, 10), eventBytes: try one.int64(0, 11),
      oldestEventMilliseconds: try one.int64IfPresent(0, 12), records: [:], sealedKeys: [:])
    for row in 0..<rows[1].count { survey.records[try rows[1].text(row, 0)] = try rows[1].int64(row, 1) }
    for row in 0..<rows[2].count { survey.sealedKeys[try rows[2].text(row, 0)] = try rows[2].bytes(row, 1) }
    return survey
  }
}
#endif
