#if Postgres
import Testing

@testable import refresh_ledger

@Suite("The settings of a store")
struct StoreSettingTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
  }

  private func settings(
    _ file: String, _ environment: [String: String] = [:], flags: [SettingKey: String] = [:]
  ) throws(CommandError) -> ServerSettings {
    let path: String
    do { path = try folder.write("config.yaml", file) } catch { throw CommandError(.inputOutput, "\(error)") }
    return try ServerSettings(SettingSources(flags: flags, environment: environment, filePath: path))
  }

  private func fault(
    _ file: String, _ environment: [String: String] = [:], flags: [SettingKey: String] = [:]
  ) -> String {
    do throws(CommandError) {
      _ = try settings(file, environment, flags: flags)
      return ""
    } catch {
      return error.description
    }
  }

  @Test(
    "A database makes the store one of PostgreSQL, from the file, the environment and the command line, the later before"
  )
  func precedence() throws {
    let file = "store: { database: \"host=from.file\" }"
    let environment = ["REFRESH_LEDGER_STORE_DATABASE": "host=from.environment"]
    func name(_ environment: [String: String], _ flags: [SettingKey: String]) throws -> String {
      let store = try settings(file, environment, flags: flags).store
      #expect(store.kind == .postgres)
      return store.databaseName
    }
    #expect(try name([:], [:]).contains("from.file"))
    #expect(try name(environment, [:]).contains("from.environment"))
    #expect(try name(environment, [.storeDatabase: "host=from.option"]).contains("from.option"))
    #expect(try settings("wire: standard").store.kind == .embedded)
  }

  @Test("A database on the command line goes before the kind in the file, and one in the file does not")
  func kind() throws {
    let file = "store: { kind: embedded }"
    #expect(try settings(file, flags: [.storeDatabase: "host=db"]).store.kind == .postgres)
    #expect(fault("store: { kind: embedded, database: \"host=db\" }").contains("store.kind"))
    #expect(fault(file, ["REFRESH_LEDGER_STORE_DATABASE": "host=db"]).contains("REFRESH_LEDGER_STORE_DATABASE"))
  }

  @Test("An address that libpq does not read is refused where it stands, without its password")
  func addresses() {
    for text in [
      "host=db password=se cret", "postgresql://ann:se cret@db:port/x", "mysql://ann:secret@db/x",
      "postgresql://ann:secret@db/x?nonsense=1", "postgresql://ann:secret@db/x?sslmode=maybe",
    ] {
      let fault = fault("wire: standard", flags: [.storeDatabase: text])
      #expect(fault.hasPrefix("--database: store.database ") && !fault.contains("cret"), "\(text): \(fault)")
    }
  }

  @Test("The name of a database has neither a password nor the options beside it")
  func name() throws {
    let text = "postgresql://ann:secret@db1,db2:5433/tokens?sslmode=require&password=other"
    let store = try settings("wire: standard", flags: [.storeDatabase: text]).store
    #expect(store.databaseName == "postgresql://ann@db1:5432,db2:5433/tokens")
    #expect(StorePlace(store, folder: "").options == "--database \(store.databaseName)")
    #expect(StorePlace.database("x", schema: "other").options == "--database x --schema other")
  }

  @Test("Several master keys are in their order, and none stands beside a folder of keys")
  func masterKeys() throws {
    let file = "store: { database: \"host=db\", masterKey: \"new.key, old.key\" }"
    #expect(try settings(file).store.masterKeys == ["new.key", "old.key"])
    let both = ["REFRESH_LEDGER_STORE_MASTER_KEY": "a", "REFRESH_LEDGER_STORE_KEY_FOLDER": "b"]
    #expect(fault("store: { database: \"host=db\" }", both).contains("store.keyFolder"))
  }
}
#endif
