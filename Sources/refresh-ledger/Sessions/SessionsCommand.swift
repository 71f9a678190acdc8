import ArgumentParser
import TokenEngine
import TokenLedger
import WriteAheadLog

struct SessionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "The live sessions.",
    discussion: """
      list and show read the log and take no lock, so they work while the server runs. revoke needs the log for itself. \
      With --url all three ask a running server, as an admin client of it.
      """,
    subcommands: [SessionsList.self, SessionsShow.self, SessionsRevoke.self])
}

struct SessionsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the live sessions, in the order of their openings.")

  @OptionGroup var data: DataFolderOption
  @OptionGroup var remote: AdminServerOptions
  @OptionGroup var whose: SessionScopeOptions

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws { try data.refuse(beside: remote.url) }

  func run() async throws {
    var table = SessionRow.emptyTable()
    func show(_ row: SessionRow) throws {
      if json { try Terminal.writeLine(JSONText.line(row)) } else { row.append(to: &table) }
    }
    if let server = try remote.server() {
      try await server.sessions(subject: whose.subject, client: whose.client, show)
    } else {
      var reader = LedgerRecordReader()
      _ = try LogSurvey(folder: data.logFolder, label: "reading") { (frame, payload) throws(RecordError) in
        try reader.read(frame, payload)
      }
      for session in reader.sessions(of: whose.scope ?? .all, at: SessionClock.system.now()) {
        try show(SessionRow(session))
      }
    }
    if !json { try Terminal.write(table.text) }
  }
}

struct SessionsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows one session and its life as the log tells it.",
    discussion: "With --url, as the server has it now, without its life. Exit 1 if nothing is known of it.")

  @Argument(help: SessionArgument.help)
  var session: String

  @OptionGroup var data: DataFolderOption
  @OptionGroup var remote: AdminServerOptions

  @Flag(help: "Print a JSON object.")
  var json = false

  private struct Answer: Encodable {
    /// Nil if it has ended.
    var session: SessionRow?
    var life: [LogRecordLine]
  }

  func validate() throws {
    try data.refuse(beside: remote.url)
    _ = try SessionArgument.parse(session)
  }

  func run() async throws {
    let id = try SessionArgument.parse(session)
    if let server = try remote.server() { return try await show(id, of: server) }
    var life = SessionLife(of: id)
    var reader = LedgerRecordReader()
    _ = try LogSurvey(folder: data.logFolder, label: "reading") { (frame, payload) throws(RecordError) in
      try reader.read(frame, payload) { life.take($0) }
    }
    guard !life.entries.isEmpty else {
      throw CommandError(
        .bad, "\(data.path): the log knows nothing of session \(session); it may have ended before the checkpoint")
    }
    let live = reader.session(id, at: SessionClock.system.now()).map(SessionRow.init)
    if json {
      let answer = Answer(session: live, life: life.entries.map { LogRecordLine($0.record) })
      return try Terminal.writeLine(JSONText.line(answer))
    }
    var table = TextTable("SESSION", session)
    if let live {
      live.appendAll(to: &table)
    } else {
      table.append("state", "has ended")
    }
    try Terminal.write(table.text + "\n" + life.table())
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
      Prints how many sessions ended; that may be none, but for one session by its id it is exit 1. While a server has the log open, \
      ask it with --url; without that: 75.
      """)

  @Argument(help: ArgumentHelp("One session: the claim sid of its tokens.", valueName: "sid"))
  var session: String?

  @OptionGroup var data: DataFolderOption
  @OptionGroup var remote: AdminServerOptions
  @OptionGroup var whose: SessionScopeOptions

  @Flag(help: "All sessions there are.")
  var all = false

  func validate() throws {
    try data.refuse(beside: remote.url)
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
    guard let ledger = try await data.openLedger() else {
      throw CommandError(
        .temporary,
        "\(data.path): a server has the log open; ask it with --url, or stop it first"
      )
    }
    let outcome: Result<String, CommandError>
    do throws(LedgerError) {
      outcome = try await revoke(in: ledger)
    } catch {
      try? await ledger.close()
      throw CommandError(error)
    }
    do { try await ledger.close() } catch { throw CommandError(error) }
    try Terminal.writeLine(outcome.get())
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

  private func revoke(in ledger: RefreshLedger) async throws(LedgerError) -> Result<String, CommandError> {
    if let session, let id = SessionID(text: session) {
      guard try await ledger.revoke(id) else {
        return .failure(
          CommandError(.bad, "\(data.path): session \(session) is not live; there was nothing to revoke"))
      }
      return .success("revoked session \(session)")
    }
    return .success(Self.words(try await ledger.revoke(whose.scope ?? .all)))
  }

  private static func words(_ count: Int) -> String { "revoked \(count) session\(count == 1 ? "" : "s")" }
}
