import ArgumentParser
import TokenEngine
import TokenLedger
import WriteAheadLog

struct LogHistory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Tells the life of one session, or of all sessions of a subject, from the log.",
    discussion: """
      A session that was opened before the last checkpoint begins with what the checkpoint holds of it: a line of the \
      kind session. Exit 1 if the log knows nothing of it.
      """)

  @OptionGroup var data: DataFolderOption

  @Option(
    parsing: .unconditional, help: SessionArgument.help)
  var session: String?

  @Option(help: "The subject.", transform: NameForm.typed)
  var subject: String?

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    guard (session == nil) != (subject == nil) else {
      throw ValidationError("name either a session with --session or a subject with --subject")
    }
    if let session { _ = try SessionArgument.parse(session) }
  }

  func run() throws {
    var life =
      session.flatMap { SessionID(text: $0) }.map(SessionLife.init(of:))
      ?? SessionLife(ofSubject: subject ?? "")
    var reader = LedgerRecordReader()
    _ = try LogSurvey(folder: data.logFolder, label: "reading") { (frame, payload) throws(RecordRefusal) in
      try reader.read(frame, payload) { life.take($0) }
    }
    guard !life.entries.isEmpty else {
      let what = session.map { "session \($0)" } ?? "subject \(subject ?? "")"
      throw CommandFailure(
        .bad, "\(data.path): the log knows nothing of \(what); it may have ended before the checkpoint")
    }
    guard json else { return try Terminal.write(life.table()) }
    for entry in life.entries { try Terminal.writeLine(JSONText.line(LogRecordLine(entry.record))) }
  }
}
