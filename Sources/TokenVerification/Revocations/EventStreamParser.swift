/// One event of a stream of server-sent events (WHATWG HTML §9.2).
struct ServerSentEvent: Equatable {
  /// The `id` of this event itself, or nil if it has none.
  var id: String?
  /// The `event`, or `message` for an event that names none.
  var name = "message"
  /// The `data` lines, joined by line feeds.
  var data: [UInt8] = []
}

/// A parser of server-sent events (WHATWG HTML §9.2), from any pieces of the stream.
///
/// The parser keeps at most one event.
struct EventStreamParser {
  /// The most bytes of an event, names of fields included.
  static let eventBytesMax = 32 * 1024

  /// The reason that a stream is not read on.
  struct Fault: Error, Equatable {}

  private var line: [UInt8] = []
  private var event = ServerSentEvent()
  private var hasData = false
  private var eventBytes = 0
  /// True if the last byte was a carriage return, whose line feed may follow.
  private var endedByReturn = false
  private var isAtStart = true

  /// Takes the next bytes, and calls `emit` for each event that they complete.
  ///
  /// - Throws: ``Fault`` for an event of more than ``eventBytesMax`` bytes, and what `emit` throws.
  mutating func take(_ bytes: some Sequence<UInt8>, emit: (ServerSentEvent) throws -> Void) throws {
    for byte in bytes {
      defer { endedByReturn = byte == UInt8(ascii: "\r") }
      if byte == UInt8(ascii: "\n"), endedByReturn { continue }
      guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else {
        eventBytes += 1
        guard eventBytes <= Self.eventBytesMax else { throw Fault() }
        line.append(byte)
        continue
      }
      try endLine(emit)
    }
  }

  private mutating func endLine(_ emit: (ServerSentEvent) throws -> Void) throws {
    defer { line.removeAll(keepingCapacity: true) }
    if isAtStart {
      isAtStart = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    }
    guard !line.isEmpty else {
      let ended = event
      let isWhole = hasData
      (event, hasData, eventBytes) = (ServerSentEvent(), false, 0)
      // An event without data is none, as the standard has it.
      if isWhole { try emit(ended) }
      return
    }
    let colon = line.firstIndex(of: UInt8(ascii: ":"))
    // A comment begins with the colon; it belongs to no event, so that any number of them take no room.
    guard colon != 0 else {
      eventBytes -= line.count
      return
    }
    var value = colon.map { line[($0 + 1)...] } ?? []
    if value.first == UInt8(ascii: " ") { value.removeFirst() }
    switch String(decoding: line[..<(colon ?? line.count)], as: UTF8.self) {
    case "event": event.name = value.isEmpty ? "message" : String(decoding: value, as: UTF8.self)
    case "data":
      if hasData { event.data.append(UInt8(ascii: "\n")) }
      event.data += value
      hasData = true
    case "id" where !value.contains(0): event.id = String(decoding: value, as: UTF8.self)
    default: break
    }
  }
}
