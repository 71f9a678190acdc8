import ArgumentParser
import TokenEngine
import TokenHTTP
import TokenLedger
import WriteAheadLog

struct SessionsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the live sessions, in the order of their openings.")

  @OptionGroup var data: DataFolderOption
  @OptionGroup var whose: SessionScopeOptions

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func run() throws {
    var reader = LedgerRecordReader()
    _ = try LogSurvey(folder: data.logFolder, label: "reading") { (frame, payload) throws(RecordRefusal) in
      try reader.read(frame, payload)
    }
    let sessions = reader.sessions(of: whose.scope ?? .all, at: SessionClock.system.now())
    if json {
      for session in sessions { try Terminal.writeLine(JSONText.line(SessionRow(session))) }
      return
    }
    var table = TextTable("SESSION", "SUBJECT", "CLIENT", "LABEL", "LAST USED", "ENDS", "SCOPE")
    for session in sessions {
      table.append(
        session.id.text, LogText.line(session.subject), LogText.line(session.client), session.label ?? "-",
        LogRecordLine.time(session.usedAt), LogRecordLine.time(session.expiresAt), session.scope)
    }
    try Terminal.write(table.text)
  }
}
