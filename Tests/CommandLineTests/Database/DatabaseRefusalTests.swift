#if Postgres
import Foundation
import PostgresTesting
import Testing

@Suite("A database that will not do")
struct DatabaseRefusalTests {
  /// The failure of a start of a server.
  private func start(
    _ shared: CommandDatabase, _ url: String? = nil, environment more: [String: String] = [:]
  ) throws -> CommandResult {
    var more = more
    if let url { more["REFRESH_LEDGER_STORE_DATABASE"] = url }
    return try shared.run(["serve", "--port", "0"], environment: more)
  }

  private func expect(
    _ result: CommandResult, _ code: Int32, says words: String..., place: SourceLocation = #_sourceLocation
  ) {
    #expect(result.code == code && result.isOneLineError, "\(result)", sourceLocation: place)
    for word in words { #expect(result.errors.contains(word), "\(result.errors)", sourceLocation: place) }
    #expect(!result.errors.contains(CommandDatabase.password), sourceLocation: place)
  }

  @Test(
    "A wrong password, a database that is not there and a port without a server are told apart, in one line with the fix"
  )
  func connection() async throws {
    let shared = try await CommandDatabase.make()
    let wrong = try shared.clerkURL(password: "not \(CommandDatabase.password)".replacing(" ", with: "%20"))
    for words in [["serve", "--port", "0"], ["database", "init"], ["users", "list"], ["sessions", "list"], ["top"]] {
      let result = try shared.run(words, environment: ["REFRESH_LEDGER_STORE_DATABASE": wrong])
      expect(result, 78, says: "password authentication failed", "PGPASSWORD")
    }
    let absent = shared.url.replacing("/\(shared.database.name)?", with: "/not_there?")
    expect(try start(shared, absent), 78, says: "not_there", "createdb")
    expect(try start(shared, "postgresql://postgres@127.0.0.1:1/x"), 75, says: "check host, port")
    let unclear = try start(shared, "host=127.0.0.1 password=\(CommandDatabase.password) x")
    expect(unclear, 78, says: "postgresql://USER@HOST:5432/DATABASE")
  }

  @Test("Without tables, without an issuer and with another issuer a server does not start, and says what to run")
  func unready() async throws {
    let shared = try await CommandDatabase.make()
    expect(try start(shared), 78, says: "database init")
    #expect(try shared.run("database", "init").code == 0)
    expect(try start(shared), 78, says: "no issuer", "--issuer")
    let named = try shared.run("database", "init", "--issuer", CommandDatabase.issuer)
    #expect(named.code == 0 && named.output.contains("already"), "\(named)")
    let other = ["REFRESH_LEDGER_TOKENS_ISSUER": "https://other.example"]
    expect(try start(shared, environment: other), 78, says: CommandDatabase.issuer, "tokens.issuer")
    expect(try shared.run("database", "init", "--issuer", "https://other.example"), 78, says: "--force")
  }

  @Test("Where a standby is required and none is named nothing starts")
  func standby() async throws {
    let shared = try await CommandDatabase.make()
    try shared.makeLedger()
    expect(
      try start(shared, environment: ["REFRESH_LEDGER_STORE_STANDBY": "required"]), 75,
      says: "synchronous_standby_names")
    let checked = try shared.run("database", "check", "--standby", "required")
    #expect(checked.code == 1 && checked.output.contains("synchronous_standby_names is empty"), "\(checked)")
  }

  @Test("A schema of a newer program and one that lacks a table are refused")
  func schema() async throws {
    let shared = try await CommandDatabase.make()
    try shared.makeLedger()
    try shared.database.execute("update refresh_ledger.ledger set version = 99, oldest_program = 99")
    expect(try start(shared), 78, says: "install a newer refresh-ledger")
    expect(try shared.run("database", "init"), 78, says: "install a newer refresh-ledger")
    #expect(try shared.run("database", "check").output.contains("install a newer refresh-ledger"))
    try shared.database.execute(
      "update refresh_ledger.ledger set version = 2, oldest_program = 2; drop table refresh_ledger.session cascade")
    for words in [["serve", "--port", "0"], ["users", "list"], ["database", "init"]] {
      expect(try shared.run(words), 78, says: "lacks session", "restore the whole schema")
    }
    let checked = try shared.run("database", "check")
    #expect(checked.code == 1 && checked.output.contains("lacks session"), "\(checked)")
  }

  @Test("A server that takes no changes is no primary")
  func readOnly() async throws {
    let shared = try await CommandDatabase.make()
    try shared.makeLedger()
    try shared.database.execute("alter database \(shared.database.name) set default_transaction_read_only = on")
    expect(try start(shared), 75, says: "standby", "primary")
  }

  @Test("A folder beside a database, and a database beside a server's address, are refused")
  func places() async throws {
    let shared = try await CommandDatabase.make()
    expect(try shared.run("users", "list", "--data", "somewhere"), 78, says: "--data", "store.database")
    let both = try CommandResult.of("users", "list", "--data", "somewhere", "--database", shared.url)
    #expect(both.code == 64 && both.errors.contains("either"), "\(both)")
    let remote = try CommandResult.of(
      BuiltCommand.path,
      [
        "sessions", "list", "--url", "http://127.0.0.1:1", "--client-id", "x", "--secret-stdin", "--database",
        shared.url,
      ], input: "x\n")
    #expect(remote.code == 64, "\(remote)")
    expect(try CommandResult.of("database", "check"), 64, says: "--database")
  }

  @Test("check and doctor find a ledger in order, and say what a database lacks")
  func findings() async throws {
    let shared = try await CommandDatabase.make()
    let empty = try shared.run("database", "check", "--json")
    #expect(empty.code == 1 && empty.output.contains("database init"), "\(empty)")
    try shared.makeLedger()
    // The server of the tests is set for speed.
    let checked = try shared.run("database", "check", "--json")
    let problems = checked.output.split(separator: "\n").filter { $0.contains("\"problem\"") }
    #expect(problems.allSatisfy { $0.contains("\"durability\"") }, "\(checked)")
    for word in ["\"host\"", "\"schema\"", "\"keys\"", "\"users\"", "\"clock\"", "access tokens are signed with HS256"]
    {
      #expect(checked.output.contains(word), "\(checked)")
    }
    let doctor = try shared.run("doctor", "--json")
    #expect(doctor.output.contains("\"configuration\"") && doctor.output.contains("\"schema\""), "\(doctor)")
    #expect(!doctor.output.contains("data folder"), "\(doctor)")
  }
}
#endif
