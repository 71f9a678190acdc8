#if Postgres
import PostgresTesting
import RotationModel
import Testing

@testable import TokenLedgerPostgres

@Suite("An upgrade of the schema", .fewAtOnce, .timeLimit(.minutes(5)))
struct SchemaUpgradeTests {
  /// As a later program has it: it adds what that needs, and this one goes on.
  private static let second = SchemaUpgrade(
    version: 2, oldestProgram: 1,
    script: "alter table session add column device text collate \"C\"; create table device (id int8 primary key);")
  /// Takes away what nobody needs any more.
  private static let third = SchemaUpgrade(version: 3, oldestProgram: 2, script: "drop table device;")

  private let fixture: LedgerFixture

  init() async throws { fixture = try await LedgerFixture() }

  private func install(
    _ name: String = "refresh_ledger", _ upgrades: [SchemaUpgrade] = DatabaseSchema.upgrades
  ) throws -> DatabaseSchema.Installation {
    let connection = try fixture.database.connect()
    defer { connection.close() }
    return try DatabaseSchema.install(
      SchemaName(name), upgrades: upgrades, on: connection, deadline: .now + .seconds(60))
  }

  private func versions() throws -> [[String?]] {
    try fixture.database.rows("select version, oldest_program from refresh_ledger.ledger")
  }

  @Test("is of the versions after the first, without a gap")
  func numbers() {
    #expect(DatabaseSchema.upgrades.map(\.version) == (0..<DatabaseSchema.upgrades.count).map { Int64($0) + 2 })
    #expect(DatabaseSchema.upgrades.allSatisfy { $0.oldestProgram <= $0.version })
  }

  @Test("keeps the rows, runs once, and leaves a running instance of the version before at work")
  func beside() async throws {
    try await fixture.withLedger { ledger in
      let session = try await ledger.open()
      #expect(try install("refresh_ledger", [Self.second]) == .upgraded(from: 1))
      #expect(try versions() == [["2", "1"]])
      #expect(try install("refresh_ledger", [Self.second]) == .present(2))
      #expect(try versions() == [["2", "1"]])
      // This program has version 1.
      #expect(try install() == .present(2))
      let rotated = try await ledger.rotate(session.tokenID).granted
      #expect(rotated?.generation == 1)
      #expect(try fixture.value("select count(device) + count(*) from ledger.session") == "1")
    }
    let count = try await fixture.withLedger { try await $0.sessionCount(of: .all) }
    #expect(count == 1)
  }

  @Test("that serves the version before no more has its programs refused in one line")
  func refused() async throws {
    var options = fixture.options
    options.requestDeadline = .seconds(2)
    try await fixture.withLedger(options) { ledger in
      let session = try await ledger.open()
      #expect(try install("refresh_ledger", [Self.second, Self.third]) == .upgraded(from: 1))
      #expect(try versions() == [["3", "2"]])
      #expect(try fixture.value("select to_regclass('ledger.device')") == nil)
      await #expect(throws: LedgerError.self) { try await ledger.rotate(session.tokenID) }
    }
    do {
      let ledger = try await PostgresLedger.open(fixture.database.address, options: options)
      try await ledger.close()
      Issue.record("an instance opened")
    } catch {
      #expect("\(error)".contains("version 3, which serves programs of version 2 and later; this one has 1"))
      #expect(!"\(error)".contains("\n"))
    }
  }

  @Test("is made once by any number that make it together")
  func together() throws {
    let makers = try (0..<6).map { _ in try Beside { try install("refresh_ledger", [Self.second]) } }
    let made = try makers.map { try $0.answer() }
    #expect(made.count { $0 == .upgraded(from: 1) } == 1)
    #expect(made.count { $0 == .present(2) } == 5)
  }

  @Test("that fails leaves everything as it was")
  func failed() throws {
    let broken = SchemaUpgrade(version: 3, oldestProgram: 1, script: "select 1 / 0;")
    #expect(throws: DatabaseError.self) { try install("refresh_ledger", [Self.second, broken]) }
    #expect(try versions() == [["1", "1"]])
    #expect(try fixture.value("select to_regclass('ledger.device')") == nil)
    #expect(try install("refresh_ledger", [Self.second]) == .upgraded(from: 1))
  }

  @Test("waits for the steps under way, and gives up with nothing done")
  func underWay() throws {
    let slow = try TestedInstance(fixture.database, fixture.options)
    let held = try fixture.database.connect()
    defer { held.close() }
    // As a step that hangs would: one that only waits for its next statement is ended by the server.
    _ = try held.transaction(
      [
        Query(.begin),
        query(
          "select pg_advisory_lock_shared('refresh_ledger.ledger_number'::regclass::oid::int4, \(LedgerSQL.stepLock))"),
        Query(.commit),
      ], deadline: .long)
    #expect(
      throws: DatabaseError.nothingHappened(
        code: "55P03",
        "The ledger was in use for longer than an upgrade of the schema refresh_ledger waits; run it again.")
    ) { try install("refresh_ledger", [Self.second]) }
    #expect(try versions() == [["1", "1"]])
    try slow.open("anna")
  }

  @Test("is part of a schema that is made")
  func made() throws {
    #expect(try install("another", [Self.second]) == .made)
    #expect(
      try fixture.database.rows("select version, oldest_program from another.ledger, another.device") == [])
    #expect(try fixture.database.value("select version from another.ledger") == "2")
    #expect(try install("another") == .present(2))
  }
}
#endif
