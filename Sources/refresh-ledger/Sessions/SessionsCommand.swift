import ArgumentParser
import TokenEngine
import TokenLedger
import WriteAheadLog

struct SessionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "Lists live sessions, shows a session and its history, and revokes sessions.",
    discussion: """
      In a data folder, list and show read the log without a lock, so they work while the server runs; revoke needs \
      the log to itself, so the server must be stopped. In a database all three work while any number of instances \
      run. With --url they ask a running server, as one of its admin clients.
      """,
    subcommands: [SessionsList.self, SessionsShow.self, SessionsRevoke.self])
}

struct SessionsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract:
      "Lists the live sessions in the order in which they were opened; in a database, in the order of their ids.")

  @OptionGroup var place: StoreOptions
  @OptionGroup var remote: AdminServerOptions
  @OptionGroup var whose: SessionScopeOptions

  @Flag(help: "Print one JSON object per line.")
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
    commandName: "show", abstract: "Shows one session and its history from the log or the database.",
    discussion: "With --url, its present state without the history. Exits with 1 if nothing is known of the session.")

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
          "\(store.place): nothing is known of session \(session); it may have ended before the oldest event that is kept"
        )
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
      throw CommandError(
        .bad, "\(server.url): session \(session) is not live; its history is in the log of that server")
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
    abstract: "Ends one session, the sessions of a subject or of a client, or all sessions.",
    discussion: """
      Prints how many sessions ended. That can be none; but if one session is named by its id and is not live, the \
      command exits with 1. While a server has the log of a data folder open, use --url to ask that server; without \
      --url the command then exits with 75.
      """)

  @Argument(help: ArgumentHelp("One session: the claim sid of its tokens.", valueName: "sid"))
  var session: String?

  @OptionGroup var place: StoreOptions
  @OptionGroup var remote: AdminServerOptions
  @OptionGroup var whose: SessionScopeOptions

  @Flag(help: "All sessions.")
  var all = false

  func validate() throws {
    try place.refuse(beside: remote.url)
    guard [session != nil, whose.scope != nil, all].count(where: { $0 }) == 1 else {
      throw ValidationError("name one session, or a subject or client with --subject and --client, or --all")
    }
    if let session { _ = try SessionArgument.parse(session) }
    guard whose.subject != "", whose.client != "" else {
      throw ValidationError("--subject and --client must not be empty; use --all for all sessions")
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
