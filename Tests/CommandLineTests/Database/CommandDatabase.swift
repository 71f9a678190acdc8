#if Postgres
import Foundation
import PostgresTesting
import TokenLedgerPostgres

/// A database of a test's own and what commands are told of it.
///
/// It has no standbys, so commands have `store.standby: none`.
struct CommandDatabase {
  let database: TestedDatabase
  let folder: TestFolder
  let masterKey: String
  /// As it is written, with a password where the role has one.
  let url: String
  let environment: [String: String]

  static let issuer = "https://tokens.example"
  /// Of the role `clerk`.
  static let password = "s3cr3t-of-the-clerk"

  /// Makes a database on a server, which is the one that all tests share if none is given.
  static func make(on server: TestedServer? = nil) async throws -> CommandDatabase {
    try CommandDatabase(try await TestedDatabase.make(on: server))
  }

  private init(_ database: TestedDatabase) throws {
    self.database = database
    folder = try TestFolder()
    masterKey = "\(folder.path)/master.key"
    try Data((0..<32).map { UInt8($0 * 7) }).write(to: URL(fileURLWithPath: masterKey))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: masterKey)
    url = "postgresql://postgres@127.0.0.1:\(database.server.port)/\(database.name)?sslmode=disable"
    environment = [
      "REFRESH_LEDGER_STORE_DATABASE": url, "REFRESH_LEDGER_STORE_STANDBY": "none",
      "REFRESH_LEDGER_STORE_MASTER_KEY": masterKey,
    ]
  }

  /// The address for the role `clerk`, which has the database's rights and a password.
  func clerkURL(password: String) throws -> String {
    try database.execute(
      """
      do $$ begin
        if not exists (select from pg_roles where rolname = 'clerk') then
          create role clerk login password '\(Self.password)';
        end if;
      exception when duplicate_object or unique_violation then null; end $$;
      grant all on database \(database.name) to clerk
      """)
    return "postgresql://clerk:\(password)@127.0.0.1:\(database.server.port)/\(database.name)?sslmode=disable"
  }

  /// Runs a command to its end.
  func run(
    _ words: String..., input: String = "", environment more: [String: String] = [:]
  ) throws -> CommandResult {
    try run(words, input: input, environment: more)
  }

  func run(
    _ words: [String], input: String = "", environment more: [String: String] = [:]
  ) throws -> CommandResult {
    try CommandResult.of(
      BuiltCommand.path, words, input: input, environment: environment.merging(more) { _, new in new })
  }

  /// Makes tables, keys, the user `ann` and the client `web`.
  func makeLedger() throws {
    for (words, input) in [
      (["database", "init", "--issuer", Self.issuer], ""),
      (["users", "add", "ann", "--password-stdin", "--scopes", "read write"], "\(Self.userPassword)\n"),
      (["clients", "add", "web", "--secret-stdin"], "\(Self.clientSecret)\n"),
    ] {
      let result = try run(words, input: input)
      guard result.code == 0 else { throw ChildCommand.Failure(description: "\(words): \(result)") }
    }
  }

  static let userPassword = "correct horse"
  static let clientSecret = "battery-staple-of-web"
  static let client = TestClient("web:\(clientSecret)")

  /// Starts a server and waits until it listens.
  func serve(_ options: String...) throws -> TestServer {
    try TestServer(
      ChildCommand(BuiltCommand.path, ["serve", "--port", "0"] + options, environment: environment))
  }
}
#endif
