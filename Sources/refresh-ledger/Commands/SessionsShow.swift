import ArgumentParser
import TokenEngine
import TokenLedger
import WriteAheadLog

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
    /// Nil where it has ended.
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
    _ = try LogSurvey(folder: data.logFolder, label: "reading") { (frame, payload) throws(RecordRefusal) in
      try reader.read(frame, payload) { life.take($0) }
    }
    guard !life.entries.isEmpty else {
      throw CommandFailure(
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
      throw CommandFailure(.bad, "\(server.url): session \(session) is not live; its life is in the log of that server")
    }
    if json { return try Terminal.writeLine(JSONText.line(live)) }
    var table = TextTable("SESSION", session)
    live.appendAll(to: &table)
    try Terminal.write(table.text)
  }
}
