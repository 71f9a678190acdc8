#if Postgres
/// The current state of one server of a database: its role, its settings and its standbys.
///
/// It needs no table, and reading it changes nothing.
package struct ServerSurvey: Sendable, Hashable {
  /// The version as `server_version_num`: 150018 is 15.18.
  package var version: Int64
  /// True if the server is a standby.
  package var isInRecovery: Bool
  /// The server's wall clock, in milliseconds since 1970.
  package var clockMilliseconds: Int64
  package var encoding: String
  package var database: String
  package var role: String
  /// The process id by the server's own report; behind a pooler it differs from that of the connection.
  package var processID: Int64
  package var timeline: Int64
  /// The identifier of the cluster, which its standbys share.
  package var systemIdentifier: Int64
  /// The number of open client connections on the whole server.
  package var connections: Int64
  /// The number of open connections of ledgers that this role can see.
  package var ledgerConnections: Int64
  /// The age of the oldest transaction of any client that this role can see, or nil if there is none.
  package var oldestTransactionMilliseconds: Int64?
  /// The number of transactions since the oldest one whose rows are not frozen yet, in this database.
  ///
  /// At 2^31 PostgreSQL accepts no more changes.
  package var unfrozenTransactions: Int64 = 0
  /// The bytes of log that replication slots keep for a disconnected receiver, by the names of the slots.
  ///
  /// The value is empty on a standby.
  package var keptBytes: [String: Int64] = [:]
  /// The settings by their names in `pg_settings`.
  package var settings: [String: String]
  /// The standbys; empty on a standby.
  package var standbys: [Standby]

  /// A standby that receives from the server.
  package struct Standby: Sendable, Hashable {
    package var name: String
    /// The state, such as `streaming` or `catchup`; nil if this role must not see it.
    package var state: String?
    /// The synchrony: `sync`, `quorum`, `potential` or `async`; nil if this role must not see it.
    package var synchrony: String?
    /// The bytes of log that the standby has not flushed yet.
    package var bytesBehind: Int64?
    /// The duration of the standby's flush at the last measurement.
    package var flushLagMilliseconds: Int64?

    package init(
      name: String, state: String?, synchrony: String?, bytesBehind: Int64? = nil, flushLagMilliseconds: Int64? = nil
    ) {
      self.name = name
      self.state = state
      self.synchrony = synchrony
      self.bytesBehind = bytesBehind
      self.flushLagMilliseconds = flushLagMilliseconds
    }

    /// True if the server waits for the standby.
    package var isSynchronous: Bool { state == "streaming" && (synchrony == "sync" || synchrony == "quorum") }
  }

  private static let identity = Statement(
    name: "survey_identity",
    sql: """
      select current_setting('server_version_num')::int8, pg_is_in_recovery(),
        (extract(epoch from clock_timestamp()) * 1000)::int8, current_setting('server_encoding'), current_database()::text,
        current_user::text, pg_backend_pid()::int8,
        case when pg_is_in_recovery() then (select timeline_id::int8 from pg_control_checkpoint()) else \(LedgerSQL.timeline) end,
        (select system_identifier from pg_control_system()),
        (select count(*) from pg_stat_activity where backend_type = 'client backend'),
        (select count(*) from pg_stat_activity
          where datname = current_database() and application_name = 'refresh-ledger' and pid <> pg_backend_pid()),
        (select (extract(epoch from clock_timestamp() - min(began)) * 1000)::int8 from (
          select xact_start from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
          union all select prepared from pg_prepared_xacts) transaction(began)),
        (select age(datfrozenxid)::int8 from pg_database where datname = current_database())
      """)

  private static let slots = Statement(
    name: "survey_slots",
    sql: """
      select slot_name::text, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int8
      from pg_replication_slots where not active and restart_lsn is not null and not pg_is_in_recovery()
      """)

  private static let settings = Statement(
    name: "survey_settings",
    sql: """
      select name::text, setting::text from pg_settings where name in ('synchronous_commit', 'synchronous_standby_names',
        'fsync', 'full_page_writes', 'max_connections', 'superuser_reserved_connections', 'statement_timeout')
      """)

  private static let standbys = Statement(
    name: "survey_standbys",
    sql: """
      select coalesce(application_name, ''), state, sync_state,
        case when pg_is_in_recovery() then null else pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn)::int8 end,
        (extract(epoch from flush_lag) * 1000)::int8
      from pg_stat_replication order by 1
      """)

  package static func read(
    _ connection: DatabaseConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> ServerSurvey {
    let rows = try connection.transaction(
      [Query(identity), Query(settings), Query(standbys), Query(slots)], deadline: deadline)
    let one = rows[0]
    guard one.count == 1 else { throw .malformed("a server that does not say what it is") }
    var survey = ServerSurvey(
      version: try one.int64(0, 0), isInRecovery: try one.bool(0, 1), clockMilliseconds: try one.int64(0, 2),
      encoding: try one.text(0, 3), database: try one.text(0, 4), role: try one.text(0, 5),
      processID: try one.int64(0, 6),
      timeline: try one.int64(0, 7), systemIdentifier: try one.int64(0, 8), connections: try one.int64(0, 9),
      ledgerConnections: try one.int64(0, 10), settings: [:], standbys: [])
    survey.oldestTransactionMilliseconds = try one.int64IfPresent(0, 11)
    survey.unfrozenTransactions = try one.int64(0, 12)
    for row in 0..<rows[3].count { survey.keptBytes[try rows[3].text(row, 0)] = try rows[3].int64(row, 1) }
    for row in 0..<rows[1].count { survey.settings[try rows[1].text(row, 0)] = try rows[1].text(row, 1) }
    for row in 0..<rows[2].count {
      survey.standbys.append(
        Standby(
          name: try rows[2].text(row, 0), state: try rows[2].textIfPresent(row, 1),
          synchrony: try rows[2].textIfPresent(row, 2), bytesBehind: try rows[2].int64IfPresent(row, 3),
          flushLagMilliseconds: try rows[2].int64IfPresent(row, 4)))
    }
    return survey
  }
}
#endif
