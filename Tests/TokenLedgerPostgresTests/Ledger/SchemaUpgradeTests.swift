#if Postgres
import PostgresTesting
import RotationModel
import Testing

@testable import TokenLedgerPostgres

@Suite("An upgrade of the schema", .fewAtOnce, .timeLimit(.minutes(5)))
struct SchemaUpgradeTests {
  /// The version that this program makes.
  private static let own = DatabaseSchema.version
  /// As a later program has it: it adds what that needs, and this one goes on.
  private static let next = SchemaUpgrade(
    version: own + 1, oldestProgram: own,
    script: "alter table session add column device text collate \"C\"; create table device (id int8 primary key);")
  /// Takes away what nobody needs any more.
  private static let afterNext = SchemaUpgrade(
    version: own + 2, oldestProgram: own + 1, script: "drop table device;")

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
      #expect(try install("refresh_ledger", [Self.next]) == .upgraded(from: Self.own))
      #expect(try versions() == [["\(Self.own + 1)", "\(Self.own)"]])
      #expect(try install("refresh_ledger", [Self.next]) == .present(Self.own + 1))
      #expect(try versions() == [["\(Self.own + 1)", "\(Self.own)"]])
      // This program has the version before.
      #expect(try install() == .present(Self.own + 1))
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
      #expect(try install("refresh_ledger", [Self.next, Self.afterNext]) == .upgraded(from: Self.own))
      #expect(try versions() == [["\(Self.own + 2)", "\(Self.own + 1)"]])
      #expect(try fixture.value("select to_regclass('ledger.device')") == nil)
      await #expect(throws: LedgerError.self) { try await ledger.rotate(session.tokenID) }
    }
    do {
      let ledger = try await PostgresLedger.open(fixture.database.address, options: options)
      try await ledger.close()
      Issue.record("an instance opened")
    } catch {
      #expect(
        "\(error)".contains(
          "version \(Self.own + 2), which serves programs of version \(Self.own + 1) and later; this one has \(Self.own)"
        ))
      #expect(!"\(error)".contains("\n"))
    }
  }

  @Test("is made once by any number that make it together")
  func together() throws {
    let makers = try (0..<6).map { _ in try Beside { try install("refresh_ledger", [Self.next]) } }
    let made = try makers.map { try $0.answer() }
    #expect(made.count { $0 == .upgraded(from: Self.own) } == 1)
    #expect(made.count { $0 == .present(Self.own + 1) } == 5)
  }

  @Test("from version 1 keeps its sessions, and serves no program of version 1, which knows no key")
  func fromFirst() async throws {
    #expect(try install("older", []) == .made)
    try fixture.database.execute(
      """
      insert into older.session(id, generation, opened_at, refreshed_at, idle_ms, absolute_ms, opened_number, sweep_at, attempt,
        subject_version, client_version, status, rotation, successor_seen, subject, client, scope)
      values ('\\x000102030405060708090a0b', 3, 1000, 1000, 60000, 60000, 1, 61000, 1, 1, 1, 1, 0, false, 'ann', 'web', 'read')
      """)
    #expect(try install("older") == .upgraded(from: 1))
    #expect(
      try fixture.database.rows("select version, oldest_program from older.ledger") == [["\(Self.own)", "2"]])
    #expect(try fixture.database.value("select generation from older.session where key is null") == "3")
    #expect(throws: DatabaseError.self) {
      let connection = try fixture.database.connect()
      defer { connection.close() }
      try connection.simple("set search_path to older", deadline: .long)
      _ = try DatabaseSchema.servedVersion(SchemaName("older"), program: 1, on: connection, deadline: .long)
    }
  }

  @Test("that fails leaves everything as it was")
  func failed() throws {
    let broken = SchemaUpgrade(version: Self.own + 2, oldestProgram: Self.own, script: "select 1 / 0;")
    #expect(throws: DatabaseError.self) { try install("refresh_ledger", [Self.next, broken]) }
    #expect(try versions() == [["\(Self.own)", "\(Self.own)"]])
    #expect(try fixture.value("select to_regclass('ledger.device')") == nil)
    #expect(try install("refresh_ledger", [Self.next]) == .upgraded(from: Self.own))
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
    ) { try install("refresh_ledger", [Self.next]) }
    #expect(try versions() == [["\(Self.own)", "\(Self.own)"]])
    try slow.open("anna")
  }

  @Test("is part of a schema that is made")
  func made() throws {
    #expect(try install("another", DatabaseSchema.upgrades + [Self.next]) == .made)
    #expect(
      try fixture.database.rows("select version, oldest_program from another.ledger, another.device") == [])
    #expect(try fixture.database.value("select version from another.ledger") == "\(Self.own + 1)")
    #expect(try install("another") == .present(Self.own + 1))
  }
}
#endif
