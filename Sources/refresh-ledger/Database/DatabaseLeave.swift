#if Postgres
import ArgumentParser
import TokenLedgerPostgres

struct DatabaseLeave: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leave",
    abstract: "Moves sessions, users, clients and keys from a database to a new data folder; every token stays valid.",
    discussion: """
      --data names the new folder. Stop the instances first: as soon as the move begins, they refuse to serve from the \
      database, and no server starts from the folder before the command has finished. If the command was interrupted, \
      run it again. Nothing is deleted from the database, and events are not copied, but no instance serves from the \
      database any more. Keys that are sealed in the database need --master-key.
      """)

  @OptionGroup var data: DataFolderOption
  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() async throws {
    let settings = try database.settings()
    let store = settings.store
    try DataFolder.take(data.path, isMovedTo: true)
    var departure = LedgerDeparture(
      from: try store.address(), options: PostgresOptions(settings), to: data.logFolder)
    departure.opensKeys = !store.masterKeys.isEmpty
    let bar = MoveBar("copying")
    departure.onProgress = bar.show
    let report: LedgerDeparture.Report
    do throws(MoveError) {
      report = try await departure.run { [data] surroundings in
        try FolderSurroundings(data).keep(surroundings.records, masterKeys: store.masterKeys)
        if let issuer = surroundings.issuer { try IssuerFile(folder: data.path).keep(issuer) }
      }
    } catch {
      throw CommandError(error, at: store.databaseName)
    }
    let outcome = MoveOutcome(
      report.counts, wasDone: report.wasDone, folder: data.path, store, issuer: report.issuer)
    try Terminal.writeLine(json ? JSONText.line(outcome) : words(outcome, store))
  }

  private func words(_ outcome: MoveOutcome, _ store: StoreSettings) -> String {
    let place = StorePlace(store, folder: "")
    let state = outcome.wasDone ? "had moved before" : "moved"
    var lines = ["\(state) from \(place.words) to \(data.path): \(outcome.words)"]
    if !store.keyFolder.isEmpty {
      lines.append(
        "keys are files: copy those of \(ShellText.quoted(store.keyFolder)) to \(ShellText.quoted("\(data.path)/keys"))"
      )
    }
    lines.append(
      "instances refuse the database; serve with: refresh-ledger serve --data \(ShellText.quoted(data.path))")
    return lines.joined(separator: "\n")
  }
}
#endif
