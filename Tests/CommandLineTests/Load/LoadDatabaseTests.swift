#if Postgres
import Foundation
import PostgresTesting
import Testing

@Suite("refresh-ledger load --in-process --database")
struct LoadDatabaseTests {
  @Test("runs as one more instance with the database's settings, and leaves no session behind")
  func runs() async throws {
    let folder = try TestFolder()
    let database = try await TestedDatabase.make()
    let place = ["--database", "\(database.address)", "--standby", "none"]
    let made = try CommandResult.of(BuiltCommand.path, ["database", "init", "--issuer", "https://id.example"] + place)
    #expect(made.code == 0, "\(made)")
    let json = "\(folder.path)/run.json"
    let shape = ["--connections", "8", "--duration", "300ms", "--json", json]
    let keys = ["--key-folder", "\(folder.path)/keys"]
    let result = try CommandResult.of(BuiltCommand.path, ["load", "--in-process"] + place + keys + shape)
    #expect(result.code == 0 && result.errors == "", "\(result)")
    let read = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: json)))
    let figures = try #require(read as? [String: Any])
    #expect(figures["errors"] as? Int == 0 && figures["invariant_violations"] as? Int == 0)
    #expect(figures["rotations"] as? Int ?? 0 > 0)
    #expect(figures["server"] as? String == "in-process, \(database.address)")
    #expect(try database.value("select count(*) from refresh_ledger.session where status = 1") == "0")
  }

  @Test("says what does not go together, and that a database has no tables, in one line")
  func refusals() async throws {
    let database = try await TestedDatabase.make()
    let address = "\(database.address)"
    func load(_ more: String...) throws -> CommandResult {
      try CommandResult.of(BuiltCommand.path, ["load", "--duration", "300ms"] + more)
    }
    let cases: [(CommandResult, Int32, String)] = [
      (try load("--in-process", "--database", address, "--durability", "none"), 64, "--durability goes with a folder"),
      (try load("--in-process", "--database", address, "--data", "a"), 64, "--data goes with a folder"),
      (try load("--in-process", "--schema", "a"), 64, "--schema goes with --database"),
      (try load("--url", "http://127.0.0.1:9", "--database", address), 64, "--database goes with --in-process"),
      (try load("--in-process", "--database", address, "--standby", "none"), 78, "database init"),
    ]
    for (result, code, says) in cases {
      #expect(result.code == code && result.isOneLineError && result.errors.contains(says), "\(result)")
    }
  }
}
#endif
