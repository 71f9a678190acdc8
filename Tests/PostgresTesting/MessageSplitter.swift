#if Postgres
/// Cuts the bytes of one side of PostgreSQL's protocol (version 3) into its messages.
struct MessageSplitter {
  struct Message {
    /// Nil for what comes before the first message that has a kind: the client's requests to start, or the server's
    /// answer of one byte to a request for encryption.
    let kind: UInt8?
    let bytes: [UInt8]
  }

  private var rest: [UInt8] = []
  /// Whether the next message of a client is still one without a kind.
  private var isStarting: Bool
  /// How many answers of one byte are to come from a server.
  var shortAnswers = 0

  init(ofClient isClient: Bool) { isStarting = isClient }

  mutating func add(_ bytes: some Sequence<UInt8>) { rest += bytes }

  /// The next whole message; nil until it has arrived.
  mutating func next() -> Message? {
    if shortAnswers > 0 {
      guard !rest.isEmpty else { return nil }
      shortAnswers -= 1
      return take(1, kind: nil)
    }
    let header = isStarting ? 0 : 1
    guard rest.count >= header + 4 else { return nil }
    let length = rest[header..<(header + 4)].reduce(0) { $0 << 8 | Int($1) }
    guard rest.count >= header + length else { return nil }
    guard isStarting else { return take(1 + length, kind: rest[0]) }
    // A request for encryption is followed by another start; its code is no version.
    isStarting = length == 8 && rest[4...5].elementsEqual([0x04, 0xD2])
    return take(length, kind: nil)
  }

  private mutating func take(_ count: Int, kind: UInt8?) -> Message {
    defer { rest.removeFirst(count) }
    return Message(kind: kind, bytes: Array(rest[..<count]))
  }
}

extension MessageSplitter.Message {
  /// Whether it ends a round trip of the client's: a synchronization, or a simple query.
  var endsRequest: Bool { kind == UInt8(ascii: "S") || kind == UInt8(ascii: "Q") }

  /// Whether it runs a statement.
  var executes: Bool { kind == UInt8(ascii: "E") || kind == UInt8(ascii: "Q") }

  /// Whether it ends the server's answer to one.
  var endsAnswer: Bool { kind == UInt8(ascii: "Z") }

  /// Whether it asks for encryption.
  var asksForEncryption: Bool { kind == nil && bytes.count == 8 }

  /// Whether a client begins with it, in version 3 of the protocol.
  var isStart: Bool { kind == nil && bytes.count > 8 && bytes[4...7].elementsEqual([0, 3, 0, 0]) }
}
#endif
