#if Postgres
import ArgumentParser
import SystemPackage
import TokenEngine
import TokenLedgerPostgres

struct DatabaseFence: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fence",
    abstract: "Ends every session of a database that has lost changes that instances had acknowledged.",
    discussion: """
      For a database that was restored to an earlier moment, or in which a standby that lagged was promoted. It is not \
      known which tokens were consumed by the changes that were lost, so no token is accepted any more and all users \
      must log in again. Instances that refused to serve because of the loss serve again within seconds. Users, \
      clients and keys stay as the database has them. On a terminal the command asks first.
      """)

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Do not ask for confirmation.")
  var yes = false

  @Flag(help: "Print one JSON object.")
  var json = false

  private struct Outcome: Encodable {
    var database: String
    var schema: String
    /// The number of sessions that were live.
    var sessions: Int
    /// The number of one-time tokens that were live.
    var oneTimeTokens: Int
    /// The number of times that the ledger has been fenced.
    var fence: Int64
    var timeline: Int64
  }

  func run() async throws {
    let settings = try database.settings()
    let place = StorePlace(settings.store, folder: "").words
    if !yes, Terminal.isTerminal(.standardInput), Terminal.isTerminal(.standardOutput) {
      try Terminal.write("End every session in the \(place)? Write yes: ")
      guard readLine() == "yes" else { throw CommandError(.bad, "nothing was changed") }
    }
    let store = try await DatabaseStore.open(settings, acceptsLacking: true)
    let report = try await store.whileOpen {
      do throws(LedgerError) {
        return try await store.ledger.perform { (connection, _, deadline) throws(DatabaseError) in
          try LedgerFence.run(connection, deadline: deadline)
        }
      } catch {
        throw CommandError(ofDatabase: error, at: store.place)
      }
    }
    let outcome = Outcome(
      database: settings.store.databaseName, schema: settings.store.schema, sessions: report.endedSessions,
      oneTimeTokens: report.endedOneTimeTokens, fence: report.fence, timeline: report.timeline)
    guard !json else { return try Terminal.writeLine(JSONText.line(outcome)) }
    try Terminal.writeLine(
      "fenced the \(place): ended \(FigureText.counted(outcome.sessions, "session")) and "
        + "\(FigureText.counted(outcome.oneTimeTokens, "one-time token")); instances continue on timeline \(outcome.timeline)"
    )
  }
}
#endif
