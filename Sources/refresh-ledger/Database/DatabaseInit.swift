#if Postgres
import ArgumentParser
import Platform
import TokenEngine
import TokenLedgerPostgres
import TokenSigning

struct DatabaseInit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Makes the tables in a database, or upgrades them, and sets the issuer and the first keys.",
    discussion: """
      Keeps what is already there, so it can be run again, even while instances run and even by two callers at the \
      same time. Only tables of version 1 need all instances to be stopped first. Make the database itself and its \
      role before this; docs/running/database.sql does.
      """)

  @OptionGroup var database: DatabaseOptions

  @Option(help: ArgumentHelp("The claim iss of all tokens: the address that clients use.", valueName: "url"))
  var issuer: String?

  @Option(
    name: .customLong("alg"),
    help: """
      The algorithm of new keys for access tokens: \(SettingValue.sentence(of: SignatureAlgorithm.self)); without \
      this, tokens.algorithm.
      """)
  var algorithm: String?

  @Flag(help: "With --issuer: replace the issuer that is set, which invalidates every token issued so far.")
  var force = false

  @Flag(help: "Print one JSON object.")
  var json = false

  private struct Outcome: Encodable {
    var database: String
    var schema: String
    /// The state of the tables: `made`, `upgraded` or `present`.
    var tables: String
    var version: Int64
    var issuer: String?
    /// The keys that were made.
    var keys: [String]
  }

  func validate() throws {
    guard !force || issuer != nil else { throw ValidationError("--force goes with --issuer") }
    if let algorithm, SignatureAlgorithm(rawValue: algorithm) == nil {
      let names = SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("'\(algorithm)' is not a known algorithm; write one of \(names)")
    }
    if let issuer, !(1...256).contains(issuer.utf8.count) || issuer.shown != issuer {
      throw ValidationError("--issuer must have 1 to 256 bytes and no control character")
    }
  }

  func run() async throws {
    var flags: [SettingKey: String] = [:]
    flags[.tokensIssuer] = issuer
    flags[.tokensAlgorithm] = algorithm
    let settings = try database.settings(flags)
    let store = settings.store
    var outcome = try makeTables(store, issuer: settings.isIssuerSet ? settings.engine.issuer : nil)
    if !store.masterKeys.isEmpty {
      let opened = try await DatabaseStore.open(settings)
      outcome.keys = try await opened.whileOpen { try await makeKeys(opened.keys(), settings.engine.algorithm) }
    }
    try Terminal.writeLine(json ? JSONText.line(outcome) : words(outcome, store))
  }

  /// Makes the keys that do not exist yet.
  private func makeKeys(
    _ source: any KeySource, _ algorithm: SignatureAlgorithm
  ) async throws(CommandError) -> [String] {
    do {
      return try await BlockingWork.run { () throws(KeyError) in
        try TokenKeys.openOrCreate(source, algorithm: algorithm).filesMade
      }
    } catch {
      throw CommandError(error)
    }
  }

  private func makeTables(_ store: StoreSettings, issuer: String?) throws(CommandError) -> Outcome {
    try store.visitPrimary(within: .seconds(60)) { (connection, schema, deadline) throws(DatabaseError) in
      let installed = try DatabaseSchema.install(schema, issuer: issuer, on: connection, deadline: deadline)
      let kept = try LedgerIssuer(schema).settle(issuer, replaces: force, on: connection, deadline: deadline)
      let (tables, version): (String, Int64) =
        switch installed {
        case .made: ("made", DatabaseSchema.version)
        case .upgraded: ("upgraded", DatabaseSchema.version)
        case .present(let version): ("present", version)
        }
      return Outcome(
        database: store.databaseName, schema: store.schema, tables: tables, version: version, issuer: kept, keys: [])
    }
  }

  private func words(_ outcome: Outcome, _ store: StoreSettings) -> String {
    let options = StorePlace(store, folder: "").options
    var lines: [String] = []
    switch outcome.tables {
    case "present":
      lines.append("\(outcome.database) has its tables already: schema \(outcome.schema), version \(outcome.version)")
    default:
      lines.append(
        "\(outcome.tables) the tables in \(outcome.database): schema \(outcome.schema), version \(outcome.version)")
    }
    lines.append(
      outcome.issuer.map { "tokens are issued for \($0)" }
        ?? "no issuer is set: give --issuer here, or set tokens.issuer where instances run")
    if !outcome.keys.isEmpty {
      lines.append("made the first signing keys, sealed with \(store.masterKeys.first ?? "")")
    } else if store.masterKeys.isEmpty && store.keyFolder.isEmpty {
      lines.append("no keys were made: name the file that seals them with --master-key, here or where instances run")
    }
    lines.append("Next: refresh-ledger database check \(options)")
    return lines.joined(separator: "\n")
  }
}
#endif
