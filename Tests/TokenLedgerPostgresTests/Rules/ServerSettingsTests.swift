#if Postgres
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

/// What the rules rest on holds whatever the server, the database or the address set for a session.
@Suite(.fewAtOnce, .serialized) struct ServerSettingsTests {
  private let database: TestedDatabase

  init() async throws { database = try await TestedDatabase.withLedger() }

  private func setting(_ name: String, of instance: TestedInstance) throws -> String {
    try instance.connection.database.run([query("select current_setting('\(name)')")])[0].text(0, 0)
  }

  @Test(arguments: [
    // Each statement of a step must see what was committed before it: marks, and what its locks waited for.
    ("default_transaction_isolation", "serializable", "read committed"),
    // A commit that somebody ended the wait of is told by a warning alone.
    ("client_min_messages", "error", "notice"),
    ("synchronous_commit", "off", "on"), ("statement_timeout", "50s", "0"), ("lock_timeout", "0", "1s"),
    ("idle_in_transaction_session_timeout", "0", "2s"), ("idle_session_timeout", "50s", "0"),
    ("plan_cache_mode", "force_custom_plan", "force_generic_plan"), ("search_path", "public", "refresh_ledger"),
  ])
  func aSettingThatStepsRestOnIsTheLedgersOwn(name: String, value: String, needed: String) throws {
    try database.execute("alter database \(database.name) set \(name) = '\(value)'")
    let instance = try TestedInstance(database, TestedInstance.options(), endsIdleSteps: true)
    let found = try setting(name, of: instance)
    #expect(found.replacing("\"", with: "") == needed)
    let session = try instance.open("anna")
    guard case .rotated = try instance.rotate(session.tokenID) else {
      Issue.record("the first refresh was refused")
      return
    }
  }

  @Test func aDatabaseThatTakesNoWritesIsRefusedWithTheFix() throws {
    try database.execute("alter database \(database.name) set default_transaction_read_only = on")
    let error = #expect(throws: DatabaseError.self) { try TestedInstance(database, TestedInstance.options()) }
    #expect(error?.kind == .unready)
  }
}
#endif
