import ArgumentParser
import TokenEngine
import TokenLedger
import WriteAheadLog

struct LogDump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Prints every record of the log in a row of its own: sequence, time, event, session, facts of the event.",
    discussion: "What a checkpoint holds comes first, with the sequence of the last record that it covers.")

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print one JSON object per line.")
  var json = false

  /// The number of bytes that are written at once.
  private static let pieceBytes = 64 << 10

  func run() throws {
    _ = try LogSurvey.requireLog(in: data.logFolder)
    var reader = LedgerRecordReader()
    var text = json ? "" : LogRecordLine.header
    var failure: CommandError?
    do {
      _ = try LogSurvey(folder: data.logFolder, label: nil) { (frame, payload) throws(RecordError) in
        try reader.read(frame, payload) { record in
          guard failure == nil else { return }
          do throws(CommandError) {
            text += try (json ? JSONText.line(LogRecordLine(record)) : LogRecordLine.row(record)) + "\n"
            guard text.utf8.count >= LogDump.pieceBytes else { return }
            try Terminal.write(text)
            text = ""
          } catch {
            failure = error
          }
        }
      }
    } catch {
      // The records before the damage are shown too.
      try Terminal.write(text)
      throw error
    }
    if let failure { throw failure }
    try Terminal.write(text)
  }
}

struct LogHistory: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Shows the history of one session, or of all sessions of a subject, from the log.",
    discussion: """
      The history of a session that was opened before the last checkpoint begins with what the checkpoint holds of it: \
      a line whose event is session. Exits with 1 if the log knows nothing of the session.
      """)

  @OptionGroup var data: DataFolderOption

  @Option(
    parsing: .unconditional, help: SessionArgument.help)
  var session: String?

  @Option(help: "The subject.", transform: NameForm.typed)
  var subject: String?

  @Flag(help: "Print one JSON object per line.")
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
    _ = try LogSurvey(folder: data.logFolder, label: "reading") { (frame, payload) throws(RecordError) in
      try reader.read(frame, payload) { life.take($0) }
    }
    guard !life.entries.isEmpty else {
      let what = session.map { "session \($0)" } ?? "subject \(subject ?? "")"
      throw CommandError(
        .bad, "\(data.path): the log knows nothing of \(what); it may have ended before the checkpoint")
    }
    guard json else { return try Terminal.write(life.table()) }
    for entry in life.entries { try Terminal.writeLine(JSONText.line(LogRecordLine(entry.record))) }
  }
}
