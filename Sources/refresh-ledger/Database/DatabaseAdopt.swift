#if Postgres
import ArgumentParser
import Platform
import TokenAccounts
import TokenEngine
import TokenLedgerPostgres
import TokenSigning

struct DatabaseAdopt: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adopt",
    abstract: "Moves a data folder's sessions, users, clients and keys to a database; every token stays valid.",
    discussion: """
      Stop the folder's server first. As soon as the move begins, no program opens the folder any more, and instances \
      refuse to serve from the database until everything has been moved. If the command was interrupted, run it again: \
      it continues where it stopped. Until the move is complete, --undo reverses it. The tables are made if there are \
      none. Keys move with --master-key; without it they stay files, which every instance must have.
      """)

  @OptionGroup var data: DataFolderOption
  @OptionGroup var database: DatabaseOptions

  @Option(help: ArgumentHelp("The claim iss of the folder's tokens, if the folder keeps none.", valueName: "url"))
  var issuer: String?

  @Option(
    name: .customLong("access-ttl"),
    help: ArgumentHelp(
      "The longest lifetime that the folder's server ever gave access tokens; revocations are kept that long. (default: 30d)",
      valueName: "duration"))
  var accessTTL: String?

  @Flag(help: "Undo the move: remove what was copied, and let the folder open again.")
  var undo = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() async throws {
    try DataFolder.require(data.path)
    var flags: [SettingKey: String] = [:]
    flags[.tokensIssuer] = issuer
    flags[.tokensAccessTTL] = accessTTL
    let settings = try database.settings(flags)
    var adoption = FolderAdoption(data.logFolder, to: try settings.store.address(), options: PostgresOptions(settings))
    guard !undo else { return try await takeBack(adoption, settings.store) }
    let bar = MoveBar("copying")
    adoption.issuer = try folderIssuer(settings)
    if accessTTL != nil { adoption.accessMilliseconds = settings.engine.accessLifetime.wholeMilliseconds }
    adoption.records = try await BlockingWork.run { [data] () throws(CommandError) in
      try FolderSurroundings(data).records(masterKeys: settings.store.masterKeys)
    }
    adoption.onProgress = bar.show
    let report: FolderAdoption.Report
    do throws(MoveError) { report = try await adoption.run() } catch {
      throw CommandError(error, at: settings.store.databaseName)
    }
    let outcome = MoveOutcome(
      report.counts, wasDone: report.wasDone, folder: data.path, settings.store, issuer: adoption.issuer)
    try Terminal.writeLine(json ? JSONText.line(outcome) : words(outcome, settings.store))
  }

  private func takeBack(_ adoption: FolderAdoption, _ store: StoreSettings) async throws {
    do throws(MoveError) { try await adoption.undo() } catch { throw CommandError(error, at: store.databaseName) }
    guard !json else { return try Terminal.writeLine(#"{"undone":true}"#) }
    try Terminal.writeLine(
      "undid the move: nothing of \(data.path) is in \(StorePlace(store, folder: "").words), and the folder opens again"
    )
  }

  private func folderIssuer(_ settings: ServerSettings) throws(CommandError) -> String? {
    switch try IssuerChoice.find(settings, folder: data.path) {
    case .set: settings.engine.issuer
    case .kept(let issuer), .earlier(let issuer): issuer
    case .open: nil
    }
  }

  private func words(_ outcome: MoveOutcome, _ store: StoreSettings) -> String {
    let place = StorePlace(store, folder: "")
    let state = outcome.wasDone ? "had moved before" : "moved"
    var lines = ["\(state) from \(data.path) to \(place.words): \(outcome.words)"]
    if store.masterKeys.isEmpty {
      lines.append(
        "keys stay files: give every instance \(ShellText.quoted("\(data.path)/keys")) as store.keyFolder")
    }
    lines.append("the folder refuses to open; serve with: refresh-ledger serve \(place.options)")
    return lines.joined(separator: "\n")
  }
}
#endif
