import ArgumentParser
import SystemPackage
import TokenLedger

struct TopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Watches a server: sessions, rates, refusals, latencies, the growth of its log.",
    discussion: """
      With --url it reads the metrics of a running server over HTTP; with --data the log in the server's folder, while \
      the server runs and without its lock; with --database the events of all instances that share the database. On a \
      terminal the view is updated in place until q is pressed; elsewhere each reading is a line.
      """)

  @Option(help: "Ask this server, such as http://127.0.0.1:8080, followed by its http.pathPrefix if it has one.")
  var url: String?

  @Option(help: "With --url: a PEM file of the certificates to trust, if this system does not trust the server's.")
  var cacert: String?

  @OptionGroup var place: StoreOptions

  @Option(help: ArgumentHelp("End after this many readings.", valueName: "n"))
  var count: Int?

  @Option(help: ArgumentHelp("How long to wait between two readings, 1 to 3600.", valueName: "seconds"))
  var interval = 1

  @Flag(help: "Print one JSON object for each reading.")
  var json = false

  func validate() throws {
    try place.refuse(beside: url)
    if let url, !url.hasPrefix("http://"), !url.hasPrefix("https://") {
      throw ValidationError("--url is an address such as http://127.0.0.1:8080")
    }
    guard cacert == nil || url != nil else { throw ValidationError("--cacert goes with --url") }
    guard (1...3600).contains(interval) else { throw ValidationError("--interval must be from 1 to 3600 seconds") }
    if let count, count < 1 { throw ValidationError("--count must be 1 or more") }
  }

  func run() async throws {
    if let url {
      let server = try TopServer(url: url.hasSuffix("/") ? String(url.dropLast()) : url, certificates: cacert)
      do {
        try await watch(server)
      } catch {
        await server.close()
        throw error
      }
      await server.close()
      return
    }
    let store = try place.storeSettings().store
    switch store.kind {
    case .embedded: try await watch(TopLog(data: place.data.path))
    case .postgres:
      #if Postgres
      try await watch(TopDatabase(store))
      #else
      throw CommandError.withoutPostgres
      #endif
    }
  }

  private func watch(_ source: some TopSource) async throws {
    let isLive = !json && Terminal.isTerminal(.standardOutput) && Terminal.environment["TERM"] != "dumb"
    if isLive { try await watchLive(source) } else { try await printRows(source) }
  }

  private func printRows(_ source: some TopSource) async throws {
    var source = source
    try await source.begin()
    if !json { try Terminal.writeLine(source.rowHeader) }
    var left = count
    while left.map({ $0 > 0 }) ?? true {
      try await Task.sleep(for: .seconds(interval))
      let reading = try await source.read()
      try Terminal.writeLine(json ? JSONText.line(reading) : reading.row)
      left = left.map { $0 - 1 }
    }
  }

  private func watchLive(_ source: some TopSource) async throws {
    var source = source
    try await source.begin()
    let screen = TopScreen()
    var rates: [Double] = []
    var lines = ["waiting for the first reading"]
    var left = count
    while left.map({ $0 > 0 }) ?? true {
      screen.draw([heading(source)] + lines)
      guard await screen.wait(.seconds(interval)) else { return }
      do throws(CommandError) {
        let reading = try await source.read()
        rates = Array((rates + [reading.rate]).suffix(TopScreen.historyCount))
        lines = reading.lines(history: Array(rates.suffix(screen.historyRoom)))
      } catch {
        guard error.status == .temporary else { throw error }
        // The source may come back, so the rest of the screen stays as it was.
        lines = [error.description] + lines.drop { $0.hasPrefix(source.title) }
      }
      left = left.map { $0 - 1 }
    }
  }

  private func heading(_ source: some TopSource) -> String {
    "refresh-ledger top   \(source.title)   \(LogRecordLine.time(SessionClock.system.now()))   q ends it"
  }
}
