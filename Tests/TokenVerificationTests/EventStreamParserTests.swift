import Testing

@testable import TokenVerification

@Suite("Server-sent events")
struct EventStreamParserTests {
  private func events(_ text: String, pieces size: Int = .max) throws -> [ServerSentEvent] {
    var parser = EventStreamParser()
    var events: [ServerSentEvent] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      try parser.take(rest.prefix(size)) { events.append($0) }
      rest = rest.dropFirst(size)
    }
    return events
  }

  private static let text =
    "\u{FEFF}: a comment\nevent: list\ndata: {}\n\nid: x.1\r\nevent: revocation\r\ndata: {\"a\":\r\ndata:1}\r\n\r\n"
    + ":\n\nretry: 10\rdata\r\rdata: alone\n\nid: 2\n\n"

  @Test("are the same in whatever pieces they come", arguments: 1...40)
  func pieces(size: Int) throws {
    let expected = [
      ServerSentEvent(id: nil, name: "list", data: Array("{}".utf8)),
      ServerSentEvent(id: "x.1", name: "revocation", data: Array("{\"a\":\n1}".utf8)),
      ServerSentEvent(id: nil, name: "message", data: []),
      ServerSentEvent(id: nil, name: "message", data: Array("alone".utf8)),
    ]
    #expect(try events(Self.text, pieces: size) == expected)
  }

  @Test("that are too long are not read on, whatever they are long by; comments between them take no room")
  func bound() throws {
    let most = EventStreamParser.eventBytesMax
    let fits = "data: \(String(repeating: "x", count: most - 6))\n\n"
    #expect(try events(fits).count == 1)
    #expect(throws: EventStreamParser.Fault.self) { try events("data: \(String(repeating: "x", count: most - 5))\n\n") }
    #expect(throws: EventStreamParser.Fault.self) { try events(String(repeating: "data: x\n", count: most)) }
    #expect(throws: EventStreamParser.Fault.self) { try events(String(repeating: "y", count: most + 1)) }
    let comments = String(repeating: ": \(String(repeating: "c", count: 1000))\n", count: 100)
    #expect(try events(comments + fits).count == 1)
  }
}
