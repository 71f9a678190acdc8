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

  static func time(_ time: Timestamp) -> String {
    Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  static func words(_ record: LedgerRecord) throws(CommandFailure) -> String {
    var words = ["\(record.sequence)", time(record.time), record.kind]
    if let session = record.session { words.append(session.text) }
    words.append(try facts(record))
    return words.filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// `name=value`, in the record's order.
  static func facts(_ record: LedgerRecord) throws(CommandFailure) -> String {
    var words: [String] = []
    for fact in record.facts { words.append("\(fact.name)=\(try value(fact.value))") }
    return words.joined(separator: " ")
  }

  /// A value as one word; as a JSON string where it is none.
  private static func value(_ text: String) throws(CommandFailure) -> String {
    let isWord = !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
    return isWord ? text : try JSONText.line(text)
  }
}
