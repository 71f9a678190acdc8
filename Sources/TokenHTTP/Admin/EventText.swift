internal import FoundationEssentials
internal import NIOCore
internal import RotationModel
internal import TokenObservability

/// The text of server-sent events (WHATWG HTML §9.2).
struct EventText {
  private(set) var buffer = ByteBuffer()

  static var comment: EventText {
    var text = EventText()
    text.buffer.writeStaticString(": heartbeat\n\n")
    return text
  }

  static func event(_ name: StaticString, id: RevocationJournal.Cursor? = nil) -> EventText {
    var text = EventText()
    text.add(name, id: id)
    return text
  }

  static func end(_ reason: StreamEnd) -> EventText {
    var text = EventText()
    text.add("end", data: Array(#"{"reason":"\#(reason.rawValue)"}"#.utf8))
    return text
  }

  mutating func add(_ revocation: Revocation, at cursor: RevocationJournal.Cursor? = nil) {
    // Ids, numbers and text: nothing of it can fail to be encoded.
    guard let data = try? Self.encoder.encode(revocation) else { return }
    add("revocation", id: cursor, data: Array(data))
  }

  mutating func add(_ name: StaticString, id: RevocationJournal.Cursor? = nil, data: [UInt8] = Array("{}".utf8)) {
    buffer.writeStaticString("event: ")
    buffer.writeStaticString(name)
    if let id { buffer.writeString("\nid: \(id.text)") }
    buffer.writeStaticString("\ndata: ")
    buffer.writeBytes(data)
    buffer.writeStaticString("\n\n")
  }

  private static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }()
}
