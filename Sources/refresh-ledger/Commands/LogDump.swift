import ArgumentParser
import FoundationEssentials
import TokenEngine
import TokenLedger
import WriteAheadLog

struct LogDump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Prints every record of the log, a line for each: sequence, time, what happened, session, facts.")

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print one JSON object a line.")
  var json = false

  /// What is written at once.
  private static let pieceBytes = 64 << 10

  private struct Line: Encodable {
    var sequence: UInt64
    var time: String
    var kind: String
    var sid: String?
    var facts: [String: String]

    init(_ record: LedgerRecord) {
      sequence = record.sequence
      time = Line.time(record.time)
      kind = record.kind
      sid = record.session?.text
      facts = Dictionary(record.facts.map { ($0.name, $0.value) }) { first, _ in first }
    }

    static func time(_ time: Timestamp) -> String {
      Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
        .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
  }

  func run() throws {
    var reader = LedgerRecordReader()
    var text = ""
    var failure: CommandFailure?
    do {
      _ = try LogSurvey(folder: data.logFolder, label: nil) { (frame, payload) throws(RecordRefusal) in
        try reader.read(frame, payload) { record in
          guard failure == nil else { return }
          do throws(CommandFailure) {
            text += try (json ? JSONText.line(Line(record)) : LogDump.words(record)) + "\n"
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

  private static func words(_ record: LedgerRecord) throws(CommandFailure) -> String {
    var words = ["\(record.sequence)", Line.time(record.time), record.kind]
    if let session = record.session { words.append(session.text) }
    for fact in record.facts { words.append("\(fact.name)=\(try value(fact.value))") }
    return words.joined(separator: " ")
  }

  /// A value as one word; as a JSON string where it is none.
  private static func value(_ text: String) throws(CommandFailure) -> String {
    let isWord = !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
    return isWord ? text : try JSONText.line(text)
  }
}
