import ArgumentParser
import TokenEngine
import TokenLedger
import WriteAheadLog

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
      _ = try LogSurvey(folder: data.logFolder, label: "reading") { (frame, payload) throws(RecordRefusal) in
        try reader.read(frame, payload)
      }
      for session in reader.sessions(of: whose.scope ?? .all, at: SessionClock.system.now()) {
        try show(SessionRow(session))
      }
    }
    if !json { try Terminal.write(table.text) }
  }
}
