#if Postgres
internal import Platform
internal import Synchronization

/// Finds the primary among an address's hosts and makes a connection ready for steps: for lanes, feed and commands.
///
/// libpq would take a server that was cut off from the others for a primary, and would ask the first host first each
/// time. Here the host that served last is asked first, and each is looked at. The first time, when nothing is known of
/// timelines, all hosts are asked, and the primary on the greatest one serves.
package final class Connector: Sendable {
  private let address: DatabaseAddress
  package let setting: LedgerSetting
  /// The host that is asked first: the one that was the primary last.
  private let lastHost = Atomic<Int>(0)
  /// True once a connection was made: from then on the instance knows which timeline is the right one.
  private let hasConnected = Atomic(false)
  /// The time that one host can take to answer: less if there is another.
  private var hostTimeout: Duration { address.hosts.count > 1 ? .seconds(2) : .seconds(5) }

  package init(_ address: DatabaseAddress, setting: LedgerSetting) {
    (self.address, self.setting) = (address, setting)
  }

  /// A connection on which steps can run; with `overtaking` the attempt ends soon once other connections are answered.
  ///
  /// - Throws: `.unsuitable` with one line that names each host and its reason, if servers answered and none will
  ///   do; else what the first host that could be one says.
  package func connect(
    overtaking: Overtaking? = nil, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> LedgerConnection {
    try eachHost(overtaking, deadline: deadline) { (connection, host) throws(DatabaseError) in
      let facts = try self.serve(connection, deadline: deadline)
      return LedgerConnection(connection, facts: facts, setting: self.setting, host: host)
    }
  }

  /// The connection was lost: the other hosts are asked before its own.
  ///
  /// A primary that was cut off from its standbys takes connections all the same, and answers none.
  package func passOver(_ connection: LedgerConnection) {
    let next = (connection.host + 1) % address.hosts.count
    _ = lastHost.compareExchange(expected: connection.host, desired: next, ordering: .relaxed)
  }

  /// Connects, and tries again until the deadline if what stands in the way can pass.
  package func connectPatiently(deadline: ContinuousClock.Instant) throws(DatabaseError) -> LedgerConnection {
    while true {
      do throws(DatabaseError) {
        return try connect(deadline: deadline)
      } catch {
        guard error.mayPass, .now < deadline else { throw error }
        Program.pause(microseconds: 50_000)
      }
    }
  }

  /// A connection to the primary, whatever the ledger in it: for commands that make or look at one.
  package func connectToPrimary(deadline: ContinuousClock.Instant) throws(DatabaseError) -> DatabaseConnection {
    try eachHost(nil, deadline: deadline) { connection, _ in connection }
  }

  private func eachHost<Result>(
    _ overtaking: Overtaking?, deadline: ContinuousClock.Instant,
    _ use: (DatabaseConnection, _ host: Int) throws(DatabaseError) -> Result
  ) throws(DatabaseError) -> Result {
    guard address.hosts.count == 1 || hasConnected.load(ordering: .relaxed) else {
      return try newest(deadline: deadline, use)
    }
    let first = lastHost.load(ordering: .relaxed)
    var failures: [(host: DatabaseHost, error: DatabaseError)] = []
    for place in 0..<address.hosts.count {
      let index = (first + place) % address.hosts.count
      do throws(DatabaseError) {
        let connection = try primary(host: index, overtaking, deadline: deadline)
        let result = try self.use(connection, host: index, use)
        noteUse(of: index)
        return result
      } catch {
        guard !(overtaking?.answers.isOvertaken ?? false) else { throw error }
        failures.append((address.hosts[index], error))
      }
    }
    throw Self.failure(failures)
  }

  /// Asks all hosts.
  ///
  /// The call lasts as long as all of them take to answer, or not to.
  private func newest<Result>(
    deadline: ContinuousClock.Instant, _ use: (DatabaseConnection, _ host: Int) throws(DatabaseError) -> Result
  ) throws(DatabaseError) -> Result {
    var failures: [Int: DatabaseError] = [:]
    var primaries: [Primary] = []
    for index in address.hosts.indices {
      do throws(DatabaseError) {
        let connection = try primary(host: index, nil, deadline: deadline)
        primaries.append(
          try self.use(connection, host: index) { (connection, host) throws(DatabaseError) in
            let row = try connection.transaction([Query(Self.place)], deadline: min(deadline, .now + .seconds(5)))[0]
            return Primary(
              connection: connection, host: host, server: try row.text(0, 0), timeline: try row.int64(0, 1))
          })
      } catch {
        failures[index] = error
      }
    }
    primaries.sort { ($1.timeline, $0.host) < ($0.timeline, $1.host) }
    for (place, primary) in primaries.enumerated() {
      do throws(DatabaseError) {
        let isLeftBehind = primaries[..<place].contains {
          $0.server == primary.server && $0.timeline > primary.timeline
        }
        guard !isLeftBehind else {
          primary.connection.close()
          throw .unready(
            "It is an old primary, on timeline \(primary.timeline), and another host is on a later one; stop it, and make it "
              + "a standby of that.")
        }
        let result = try self.use(primary.connection, host: primary.host, use)
        for other in primaries[(place + 1)...] { other.connection.close() }
        noteUse(of: primary.host)
        return result
      } catch {
        failures[primary.host] = error
      }
    }
    throw Self.failure(
      failures.sorted { $0.key < $1.key }.map { (host: address.hosts[$0.key], error: $0.value) })
  }

  private func noteUse(of host: Int) {
    lastHost.store(host, ordering: .relaxed)
    hasConnected.store(true, ordering: .relaxed)
  }

  /// A server that would do, and its place in the history of its files.
  private struct Primary {
    let connection: DatabaseConnection
    let host: Int
    let server: String
    let timeline: Int64
  }

  /// A connection to a host that is a primary, ready for what comes.
  private func primary(
    host index: Int, _ overtaking: Overtaking?, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> DatabaseConnection {
    let timeout = min(hostTimeout, ContinuousClock.now.duration(to: deadline))
    let connection = try DatabaseConnection.open(address, host: index, timeout: timeout, overtaking: overtaking)
    return try use(connection, host: index) { (connection, _) throws(DatabaseError) in
      try prepare(connection, deadline: min(deadline, .now + .seconds(5)))
      return connection
    }
  }

  /// Closes the connection if it is of no use.
  private func use<Result>(
    _ connection: DatabaseConnection, host index: Int,
    _ use: (DatabaseConnection, _ host: Int) throws(DatabaseError) -> Result
  ) throws(DatabaseError) -> Result {
    do throws(DatabaseError) {
      return try use(connection, index)
    } catch {
      connection.close()
      throw error
    }
  }

  /// One line for all hosts.
  private static func failure(_ failures: [(host: DatabaseHost, error: DatabaseError)]) -> DatabaseError {
    guard failures.count > 1 else { return failures.first?.error ?? .unreachable("the address names no host") }
    let text = failures.map { "\($0.host): \($0.error)" }.joined(separator: " | ")
    for failure in failures {
      // A server that can serve in a moment counts for more than one that never will.
      switch failure.error {
      case .refusedConnection(let code, _): return .refusedConnection(code: code, text)
      case .unsuitable: continue
      case .unready: return .unready("None of the database's hosts can serve now: \(text)")
      default: return .unreachable(text)
      }
    }
    return .unsuitable("None of the database's hosts will do: \(text)")
  }

  // MARK: - One server

  /// Checks that it is a primary and no pooler, and sets the session up.
  private func prepare(_ connection: DatabaseConnection, deadline: ContinuousClock.Instant) throws(DatabaseError) {
    guard connection.serverVersion >= 140_000 else {
      throw .unsuitable(
        "The server is PostgreSQL \(connection.serverVersion / 10_000); the ledger needs 14 or later: upgrade it.")
    }
    let found = try connection.transaction([Query(Self.look)], deadline: deadline)[0]
    guard try found.int64(0, 0) == Int64(connection.backendProcessID) else {
      throw .unsuitable(
        "A connection pooler stands before the server, and steps need a session of their own; "
          + "name the server itself in the database's address.")
    }
    guard try !found.bool(0, 1), try found.text(0, 2) == "off" else {
      throw .unready("The server is a standby or takes no changes; name the primary in the database's address.")
    }
    // Each of them is one of ours whose caller was told that its outcome is unknown, and keeps its connection until a
    // standby answers.
    guard try found.int64(0, 5) < Self.waitingMax else {
      throw .unreachable(
        "its commits wait for a synchronous standby that does not answer; start that again, or name another in synchronous_standby_names"
      )
    }
    let encoding = try found.text(0, 3)
    guard encoding == "UTF8" else {
      throw .unsuitable("The database's encoding is \(encoding); make one with `create database ... encoding 'UTF8'`.")
    }
    // Plans are made once, when tables can be empty, and must be good when they are not: rows are found by indexes.
    let commit = try found.text(0, 4) == "remote_apply" ? "remote_apply" : "on"
    try connection.simple(
      """
      set synchronous_commit = \(commit); set default_transaction_isolation = 'read committed';
      set client_min_messages = 'notice'; set statement_timeout = 0; set lock_timeout = '1s'; set idle_session_timeout = 0;
      set idle_in_transaction_session_timeout = '2s'; set plan_cache_mode = force_generic_plan; set enable_hashjoin = off;
      set enable_mergejoin = off; set enable_seqscan = off; set jit = off; set search_path to \(setting.schema.quoted)
      """, deadline: deadline)
    try checkStandby(connection, deadline: deadline)
  }

  private func checkStandby(_ connection: DatabaseConnection, deadline: ContinuousClock.Instant) throws(DatabaseError) {
    guard setting.options.standby == .required else { return }
    let names = try connection.transaction([Query(Self.standbyNames)], deadline: deadline)[0]
    guard try !names.text(0, 0).isEmpty else { throw StepRefusal.standby.error }
  }

  /// Reads what the ledger is, once whoever watches over it has looked.
  private func serve(
    _ connection: DatabaseConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> LedgerFacts {
    let ledger = "\(setting.schema.quoted).ledger"
    guard try connection.transaction([Query(Self.hasLedger, [.text(ledger)])], deadline: deadline)[0].bool(0, 0) else {
      throw .unsuitable(
        "The database has no ledger in the schema \(setting.schema); run `refresh-ledger database init`, or set `store.schema`."
      )
    }
    let version = try DatabaseSchema.servedVersion(setting.schema, on: connection, deadline: deadline)
    try setting.hooks.examine(connection)
    let row = try connection.transaction([Query(Self.facts)], deadline: deadline)[0]
    guard row.count == 1 else { throw StepRefusal.noLedger.error }
    let state = try row.text(0, 0)
    let isServed = state == "open" || state == "lacking" && setting.options.acceptsLacking
    guard isServed else { throw Self.refusal(ofState: state) }
    let (timeline, server) = (try row.int64(0, 1), try row.int64(0, 2))
    guard timeline == server else {
      throw .unready(
        "The ledger was last on timeline \(timeline) and the server is on \(server): another server has taken over; "
          + "name that one in the database's address.")
    }
    return LedgerFacts(
      version: version, timeline: timeline, fence: try row.int64(0, 3), issuer: try row.textIfPresent(0, 4),
      policy: try row.textIfPresent(0, 5), server: try row.text(0, 6))
  }

  private static func refusal(ofState state: String) -> DatabaseError {
    switch state {
    case "lacking": StepRefusal.lacking
    case "copying":
      .unsuitable(
        "The ledger in the database is being filled; wait for `refresh-ledger database adopt`, run it again, or undo it with `--undo`."
      )
    case "left":
      .unsuitable("The ledger has left the database for a folder; serve from that with `--data`.")
    default:
      .unsuitable(
        "The ledger in the database has the state \(state), which this program does not know; install a newer one.")
    }
  }

  private static let look = Statement(
    name: "connect_look",
    sql: """
      select pg_backend_pid(), pg_is_in_recovery(), current_setting('transaction_read_only'), current_setting('server_encoding'),
        current_setting('synchronous_commit'),
        (select count(*) from pg_stat_activity where datname = current_database() and usename = current_user
          and wait_event = 'SyncRep' and query_start < clock_timestamp() - interval '5 s')
      """)

  private static let place = Statement(
    name: "connect_place", sql: "select system_identifier::text, \(LedgerSQL.timeline) from pg_control_system()")

  /// The most commits that wait for a standby that is away before no more are begun.
  ///
  /// Otherwise the server would run out of connections.
  private static let waitingMax: Int64 = 8

  private static let standbyNames = Statement(
    name: "connect_standby", sql: "select current_setting('synchronous_standby_names')")

  private static let hasLedger = Statement(name: "connect_ledger", sql: "select to_regclass($1) is not null")

  private static let facts = Statement(
    name: "connect_facts",
    sql: "select state, timeline, \(LedgerSQL.timeline), fence, issuer, policy, server from ledger")
}
#endif
