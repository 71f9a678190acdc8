#if Postgres
internal import Platform
internal import Synchronization
package import TokenLedgerPostgres

/// An empty database of a test's own.
package struct TestedDatabase: Sendable {
  private static let made = Atomic(0)

  package let server: TestedServer
  package let name: String
  package let address: DatabaseAddress

  init(server: TestedServer, name: String) throws {
    (self.server, self.name) = (server, name)
    address = try server.address(database: name)
  }

  /// Makes a database, in about a tenth of a second; it stays until its server goes.
  ///
  /// If no server is given, it is on the one that all tests of this process share.
  package static func make(on server: TestedServer? = nil) async throws -> TestedDatabase {
    let server = if let server { server } else { try await TestedServer.shared() }
    return try await BlockingWork.run { () throws(any Error) in
      let name = "tested_\(made.add(1, ordering: .relaxed).newValue)"
      let first = try TestedDatabase(server: server, name: "postgres").connect()
      defer { first.close() }
      // As files, at a tenth of the time: without it each page goes through the log.
      let strategy = first.serverVersion >= 150_000 ? "strategy file_copy" : ""
      try first.simple("create database \(name) template template0 \(strategy)", deadline: .now + .seconds(60))
      return try TestedDatabase(server: server, name: name)
    }
  }

  /// A connection that no fault reaches, as `postgres`.
  package func connect() throws -> DatabaseConnection {
    let address = try server.socketAddress(database: name)
    return try DatabaseConnection.open(address, host: 0, timeout: .seconds(20))
  }

  /// Runs statements, on a connection of their own.
  package func execute(_ sql: String) throws {
    let connection = try connect()
    defer { connection.close() }
    try connection.simple(sql, deadline: .now + .seconds(30))
  }

  /// What a `select` gives, each value as its text.
  package func rows(_ sql: String) throws -> [[String?]] {
    let connection = try connect()
    defer { connection.close() }
    let statement = Statement(
      name: "rows",
      sql: """
        select number, value from (select row_number() over () as number, row_to_json(given) as json from (\(sql)) given) r
        left join lateral json_each_text(json) with ordinality as e(key, value, place) on true order by number, place
        """)
    let found = try connection.transaction([Query(statement)], deadline: .now + .seconds(30))[0]
    var rows: [[String?]] = []
    for index in 0..<found.count {
      if try found.int64(index, 0) > rows.count { rows.append([]) }
      rows[rows.count - 1].append(try found.textIfPresent(index, 1))
    }
    return rows
  }

  /// Waits until the first value of `sql` is `wanted`.
  package func wait(until sql: String, is wanted: String) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try value(sql) != wanted {
      guard ContinuousClock.now < deadline else { throw TestedServerFailure(description: "never \(wanted): \(sql)") }
      Program.pause(microseconds: 5000)
    }
  }

  /// The one value of one row; nil for a null or no row.
  package func value(_ sql: String) throws -> String? { try rows(sql).first?.first ?? nil }
}
#endif
