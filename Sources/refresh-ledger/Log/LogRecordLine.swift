import FoundationEssentials
import TokenEngine
import TokenLedger

/// One record of the log as a line of words or of JSON.
struct LogRecordLine: Encodable {
  var sequence: UInt64
  var time: String
  var kind: String
  var sid: String?
  var facts: [String: String]

  init(_ record: LedgerRecord) {
    sequence = record.sequence
    time = LogRecordLine.time(record.time)
    kind = record.kind
    sid = record.session?.text
    facts = Dictionary(record.facts.map { ($0.name, $0.value) }) { first, _ in first }
  }

  /// Creates the line of an event of a session in a database.
  init(_ event: AuditEvent, of session: SessionID) {
    sequence = event.sequence
    time = LogRecordLine.time(event.time)
    kind = event.kind
    sid = session.text
    facts = Dictionary(event.facts.map { ($0.name, $0.value) }) { first, _ in first }
  }

  static func time(_ time: Timestamp) -> String {
    Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  private static let widths = (sequence: 10, time: 24, kind: 16, session: 16)

  /// The header of the rows.
  static let header = line("SEQUENCE", "TIME", "EVENT", "SESSION", "FACTS") + "\n"

  /// Returns the record in columns that are aligned with those of other records.
  static func row(_ record: LedgerRecord) throws(CommandError) -> String {
    line("\(record.sequence)", time(record.time), record.kind, record.session?.text ?? "-", try facts(record))
  }

  private static func line(
    _ sequence: String, _ time: String, _ kind: String, _ session: String, _ facts: String
  ) -> String {
    var line = [
      FigureText.right(sequence, widths.sequence), FigureText.left(time, widths.time),
      FigureText.left(kind, widths.kind),
      FigureText.left(session, widths.session), facts,
    ].joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }

  /// Returns the facts as `name=value`, in the record's order.
  static func facts(_ record: LedgerRecord) throws(CommandError) -> String {
    try facts(record.facts.map { ($0.name, $0.value) })
  }

  static func facts(_ facts: [(name: String, value: String)]) throws(CommandError) -> String {
    var words: [String] = []
    for fact in facts { words.append("\(fact.name)=\(try value(fact.value))") }
    return words.joined(separator: " ")
  }

  /// Returns the value as one word, or as a JSON string if it is not one word.
  private static func value(_ text: String) throws(CommandError) -> String {
    let isWord = !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
    return isWord ? text : try JSONText.line(text).shown
  }
}
