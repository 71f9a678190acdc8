import ArgumentParser
import TokenEngine
import TokenHTTP
import TokenLedger
import WriteAheadLog

struct SessionsShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows one session and its life as the log tells it.",
    discussion: "Exit 1 if the log knows nothing of it.")

  @Argument(help: SessionArgument.help)
  var session: String

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print a JSON object.")
  var json = false

  private struct Answer: Encodable {
    /// Nil where it has ended.
    var session: SessionRow?
    var life: [LogRecordLine]
  }

  func validate() throws {
    _ = try SessionArgument.parse(session)
  }

  func run() throws {
    let id = try SessionArgument.parse(session)
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
      table.append("subject", LogText.line(live.subject))
      table.append("client", LogText.line(live.client))
      table.append("scope", live.scope)
      if let label = live.label { table.append("label", label) }
      table.append("rotation", live.rotation)
      table.append("opened", live.openedAt)
      table.append("last used", live.lastUsedAt)
      table.append("ends unused", live.idleEnd)
      table.append("ends at last", live.absoluteEnd)
    } else {
      table.append("state", "has ended")
    }
    try Terminal.write(table.text + "\n" + life.table())
  }
}
