import ArgumentParser
import TokenEngine
import TokenLedger
import WriteAheadLog

struct SessionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "The live sessions.",
    discussion: """
      In a data folder list and show read the log and take no lock, so they work while the server runs, and revoke needs the log \
      for itself. In a database all three work beside any number of servers. With --url they ask a running server, as an admin \
      client of it.
      """,
    subcommands: [SessionsList.self, SessionsShow.self, SessionsRevoke.self])
}

struct SessionsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists the live sessions, in the order of their openings; in a database, of their ids.")

  @OptionGroup var place: StoreOptions
  @OptionGroup var remote: AdminServerOptions
  @OptionGroup var whose: SessionScopeOptions

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws { try place.refuse(beside: remote.url) }

  func run() async throws {
    var table = SessionRow.emptyTable()
    func show(_ row: SessionRow) throws(CommandError) {
      if json { try Terminal.writeLine(JSONText.line(row)) } else { row.append(to: &table) }
    }
    if let server = try remote.server() {
      try await server.sessions(subject: whose.subject, client: whose.client, show)
    } else {
      try await place.use { store in
        _ = try await store.sessions(of: whose.scope ?? .all, isCounted: false) { (sessions, _) throws(CommandError) in
          for session in sessions { try show(SessionRow(session)) }
        }
      }
    }
    if !json { try Terminal.write(table.text) }
  }
}

struct SessionsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows one session and its life as the log or the database tells it.",
    discussion: "With --url, as the server has it now, without its life. Exit 1 if nothing is known of it.")

  @Argument(help: SessionArgument.help)
  var session: String

  @OptionGroup var place: StoreOptions
  @OptionGroup var remote: AdminServerOptions

  @Flag(help: "Print a JSON object.")
  var json = false

  func validate() throws {
    try place.refuse(beside: remote.url)
    _ = try SessionArgument.parse(session)
  }

  func run() async throws {
    let id = try SessionArgument.parse(session)
    if let server = try remote.server() { return try await show(id, of: server) }
    try await place.use { store in
      guard let story = try await store.story(of: id) else {
        throw CommandError(
          .bad,
          "\(store.place): nothing is known of session \(session); it may have ended before what is kept of events")
      }
      if json { return try Terminal.writeLine(JSONText.line(story)) }
      var table = TextTable("SESSION", session)
      if let live = story.session {
        live.appendAll(to: &table)
      } else {
        table.append("state", "has ended")
      }
      try Terminal.write(table.text + "\n" + story.table)
    }
  }

  private func show(_ id: SessionID, of server: AdminServer) async throws {
    guard let live = try await server.session(id) else {
      throw CommandError(.bad, "\(server.url): session \(session) is not live; its life is in the log of that server")
    }
    if json { return try Terminal.writeLine(JSONText.line(live)) }
    var table = TextTable("SESSION", session)
    live.appendAll(to: &table)
    try Terminal.write(table.text)
  }
}

struct SessionsRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Ends one session, those of a subject or of a client, or all.",
    discussion: """
      Prints how many sessions ended; that may be none, but for one session by its id it is exit 1. While a server has the log of a \
      data folder open, ask it with --url; without that: 75.
      """)

  @Argument(help: ArgumentHelp("One session: the claim sid of its tokens.", valueName: "sid"))
  var session: String?

  @OptionGroup var place: StoreOptions
  @OptionGroup var remote: AdminServerOptions
  @OptionGroup var whose: SessionScopeOptions

  @Flag(help: "All sessions there are.")
  var all = false

  func validate() throws {
    try place.refuse(beside: remote.url)
    guard [session != nil, whose.scope != nil, all].count(where: { $0 }) == 1 else {
      throw ValidationError("name one session, or a subject or client with --subject and --client, or --all")
    }
    if let session { _ = try SessionArgument.parse(session) }
    guard whose.subject != "", whose.client != "" else {
      throw ValidationError("--subject and --client must not be empty; all sessions are --all")
    }
  }

  func run() async throws {
    if let server = try remote.server() { return try Terminal.writeLine(await revoke(at: server)) }
    try await place.use { try await Terminal.writeLine(revoke(in: $0)) }
  }

  private func revoke(at server: AdminServer) async throws -> String {
    guard let session, let id = SessionID(text: session) else {
      return Self.words(try await server.revokeAll(subject: whose.subject, client: whose.client))
    }
    guard try await server.revoke(id) else {
      throw CommandError(.bad, "\(server.url): session \(session) is not live; there was nothing to revoke")
    }
    return "revoked session \(session)"
  }

  private func revoke(in store: any CommandStore) async throws(CommandError) -> String {
    guard let session, let id = SessionID(text: session) else {
      return Self.words(try await store.revoke(whose.scope ?? .all))
    }
    guard try await store.revoke(id) else {
      throw CommandError(.bad, "\(store.place): session \(session) is not live; there was nothing to revoke")
    }
    return "revoked session \(session)"
  }

  private static func words(_ count: Int) -> String { "revoked \(count) session\(count == 1 ? "" : "s")" }
}
