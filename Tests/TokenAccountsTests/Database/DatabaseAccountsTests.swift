#if Postgres
import PostgresTesting
import Synchronization
import Testing
import TokenEngine
import TokenLedgerPostgres

@testable import TokenAccounts

/// What is a rule of accounts is tried elsewhere: here, that a real database keeps them.
@Suite("Accounts in PostgreSQL", .serialized)
struct DatabaseAccountsTests {
  /// An instance on the database.
  private func open(_ database: TestedDatabase, deadline: Duration) async throws -> PostgresLedger {
    var options = PostgresOptions()
    (options.standby, options.connections) = (.none, 1)
    options.requestDeadline = deadline
    return try await PostgresLedger.open(database.address, options: options)
  }

  /// Two instances on a database of their own.
  private func withTwo(
    on server: TestedServer? = nil, deadline: Duration = .seconds(60),
    _ body: (PostgresLedger, PostgresLedger) async throws -> Void
  ) async throws {
    let database = try await TestedDatabase.make(on: server)
    let connection = try database.connect()
    defer { connection.close() }
    _ = try DatabaseSchema.install(
      SchemaName(PostgresOptions().schema), issuer: "https://tokens.example", on: connection,
      deadline: .now + .seconds(60))
    let (first, second) = (
      try await open(database, deadline: deadline), try await open(database, deadline: deadline)
    )
    try await body(first, second)
    try await first.close()
    try await second.close()
  }

  /// Asks until it is so, for 20 seconds at most.
  private func becomes(_ isSo: () async -> Bool) async throws -> Bool {
    for _ in 0..<2000 {
      if await isSo() { return true }
      try await Task.sleep(for: .milliseconds(10))
    }
    return false
  }

  @Test("are seen by every instance, with whose sessions end")
  func follow() async throws {
    try await withTwo { first, second in
      let seen = SeenEvents()
      let users = try await DatabaseSubjects(first, cost: AccountsFolder.cheap)
      let others = try await DatabaseSubjects(second, cost: AccountsFolder.cheap) { seen.note($0) }
      try await users.add(name: "ann", password: "correct horse", scopes: ["read"])
      #expect(try await becomes { await others.subject(id: "ann")?.isEnabled == true })
      #expect(try await others.authenticate(name: "ann", password: "correct horse")?.scopes == ["read"])
      try await others.setEnabled(name: "ann", false)
      // Whoever changes it has it in force.
      #expect(await others.subject(id: "ann")?.isEnabled == false)
      #expect(try await becomes { await users.subject(id: "ann")?.isEnabled == false })
      try await users.remove(name: "ann")
      #expect(try await becomes { await others.subject(id: "ann") == nil })
      #expect(try await becomes { seen.hasEnded("ann") })
    }
  }

  @Test("that two instances change at once are changed by both, one after the other")
  func contend() async throws {
    try await withTwo { first, second in
      let (users, others) = (
        try await DatabaseSubjects(first, cost: AccountsFolder.cheap),
        try await DatabaseSubjects(second, cost: AccountsFolder.cheap)
      )
      try await users.add(name: "ann", password: "correct horse", scopes: [])
      async let disabled: Void = users.setEnabled(name: "ann", false)
      async let renewed: Void = others.setPassword(name: "ann", "battery staple")
      _ = try await (disabled, renewed)
      try await users.setEnabled(name: "ann", true)
      #expect(try await becomes { await others.subject(id: "ann")?.isEnabled == true })
      #expect(try await others.authenticate(name: "ann", password: "battery staple") != nil)
      await #expect(throws: AccountError.exists(.user, name: "ann")) {
        try await others.add(name: "ann", password: "correct horse", scopes: [])
      }
    }
  }

  @Test("authenticate clients of another instance by the secrets that these were given there")
  func clients() async throws {
    try await withTwo { first, second in
      let (clients, others) = (try await DatabaseClients(first), try await DatabaseClients(second))
      try await clients.add(Client(id: "web", isPublic: false), secret: "a secret of the web")
      let candidates = [Array("a secret of the web".utf8)]
      #expect(try await becomes { await others.authenticate(id: "web", secretCandidates: candidates) != nil })
      #expect(await others.authenticate(id: "web", secretCandidates: [[1, 2, 3]]) == nil)
    }
  }

  @Test("stay in force while the database is away, and changes are refused until it is back")
  func away() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    // What is refused while the database is away is waited for this long.
    try await withTwo(on: server, deadline: .seconds(5)) { first, second in
      let users = try await DatabaseSubjects(first, cost: AccountsFolder.cheap)
      try await users.add(name: "ann", password: "correct horse", scopes: [])
      server.shutDown(.immediate)
      #expect(try await users.authenticate(name: "ann", password: "correct horse") != nil)
      await #expect(throws: AccountError.self) { try await users.setEnabled(name: "ann", false) }
      try server.resume()
      #expect(try await becomes { (try? await users.setEnabled(name: "ann", false)) != nil })
      let others = try await DatabaseSubjects(second, cost: AccountsFolder.cheap)
      #expect(await others.subject(id: "ann")?.isEnabled == false)
    }
  }
}

/// What an observer was told.
private final class SeenEvents: Sendable {
  private let events = Mutex<[AccountFileEvent]>([])

  func note(_ event: AccountFileEvent) { events.withLock { $0.append(event) } }

  func hasEnded(_ name: String) -> Bool {
    events.withLock { events in
      events.contains { event in if case .ended(.user, let names) = event { names.contains(name) } else { false } }
    }
  }
}
#endif
