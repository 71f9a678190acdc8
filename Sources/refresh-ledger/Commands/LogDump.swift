import ArgumentParser
import TokenLedger
import WriteAheadLog

struct LogDump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Prints every record of the log, a row for each: sequence, time, what happened, session, facts.",
    discussion: "What a checkpoint holds comes first, with the sequence of the last record that it covers.")

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print one JSON object a line.")
  var json = false

  /// What is written at once.
  private static let pieceBytes = 64 << 10

  func run() throws {
    _ = try LogSurvey.requireLog(in: data.logFolder)
    var reader = LedgerRecordReader()
    var text = json ? "" : LogRecordLine.header
    var failure: CommandFailure?
    do {
      _ = try LogSurvey(folder: data.logFolder, label: nil) { (frame, payload) throws(RecordRefusal) in
        try reader.read(frame, payload) { record in
          guard failure == nil else { return }
          do throws(CommandFailure) {
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
      // What came before the damage is shown too.
      try Terminal.write(text)
      throw error
    }
    if let failure { throw failure }
    try Terminal.write(text)
  }
}
