#if Postgres
/// The events of a ledger in a database between two readings.
///
/// A reading changes nothing.
///
/// Events get their numbers before they are committed, so that some of the newest can be missing from a reading, and
/// are then in none.
package struct LedgerPulse: Sendable, Hashable {
  /// The number of the newest event.
  package var number: Int64
  /// The numbers of events since the last reading, by kind; empty for the first reading.
  package var kinds: [EventRow.Kind: Int64]
  /// The approximate number of sessions, live and ended.
  package var sessions: Int64
  /// The number of connections of servers that this role can see.
  package var connections: Int64
  /// The upper bound of the delay of the servers' news of revocations: the age of the newest time that one of them
  /// recorded.
  package var ageMilliseconds: Int64

  /// Reads the figures of the existing ledger in a schema.
  ///
  /// `number` is the number of the last reading, after which the events are counted, or nil for the first reading.
  ///
  /// - Throws: The errors of a transaction, or `.malformed` if the ledger's row is missing.
  package static func read(
    _ connection: DatabaseConnection, schema: SchemaName, after number: Int64?, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> LedgerPulse {
    let name = schema.quoted
    let state = Statement(
      name: "pulse_state",
      sql: """
        select (select coalesce(max(number), 0) from \(name).event),
          greatest(0, (select reltuples::int8 from pg_class where oid = '\(name).session'::regclass)),
          (select count(*) from pg_stat_activity
            where datname = current_database() and application_name = 'refresh-ledger' and pid <> pg_backend_pid()),
          greatest(0, (extract(epoch from clock_timestamp()) * 1000)::int8 + shift_ms - high_ms)
        from \(name).ledger
        """)
    let counts = Statement(
      name: "pulse_counts",
      sql: "select kind, count(*) from \(name).event where number > $1 and number <= $2 group by kind")
    let found = try connection.transaction([Query(state)], deadline: deadline)[0]
    var pulse = LedgerPulse(
      number: try found.int64(0, 0), kinds: [:], sessions: try found.int64(0, 1), connections: try found.int64(0, 2),
      ageMilliseconds: try found.int64(0, 3))
    guard let number, number < pulse.number else { return pulse }
    let rows = try connection.transaction(
      [Query(counts, [.int64(number), .int64(pulse.number)])], deadline: deadline)[0]
    for row in 0..<rows.count {
      // Kinds that a later version has added are not shown.
      guard let kind = EventRow.Kind(rawValue: Int16(truncatingIfNeeded: try rows.int64(row, 0))) else { continue }
      pulse.kinds[kind] = try rows.int64(row, 1)
    }
    return pulse
  }
}
#endif
