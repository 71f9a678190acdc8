#if Postgres
/// What a client sends at a time: all messages of a transaction up to its synchronization, or one that stands for
/// itself.
struct ProxiedRequest: Sendable {
  private(set) var messages: [MessageSplitter.Message] = []

  mutating func add(_ message: MessageSplitter.Message) { messages.append(message) }

  var bytes: [UInt8] { messages.flatMap(\.bytes) }

  /// Whether nothing more belongs to it.
  var isWhole: Bool {
    guard let last = messages.last else { return false }
    guard let kind = last.kind else { return true }
    // Parts of a transaction wait for its end: statements that are parsed, bound, described and executed.
    return ![UInt8(ascii: "P"), UInt8(ascii: "B"), UInt8(ascii: "D"), UInt8(ascii: "E")].contains(kind)
  }

  /// Whether it is a round trip of a connection that is ready.
  var endsRequest: Bool { messages.last?.endsRequest ?? false }

  /// Whether a connection begins with it.
  var isStart: Bool { messages.count == 1 && messages[0].isStart }

  /// Whether the server's answer to it ends as that to a transaction does.
  var isAnswered: Bool { endsRequest || isStart }

  var statementCount: Int { messages.count(where: \.executes) }

  /// The place of the message that runs the statement of a number, from 1; nil if there is none.
  func place(ofStatement number: Int) -> Int? {
    let places = messages.indices.filter { messages[$0].executes }
    return places.indices.contains(number - 1) ? places[number - 1] : nil
  }

  /// The bytes of its first messages.
  func bytes(before place: Int) -> [UInt8] { messages[..<place].flatMap(\.bytes) }

  /// What it runs: the names of its prepared statements, the first two words of a text unless they are names, or
  /// `connect`.
  var statements: [String] {
    if isStart { return ["connect"] }
    return messages.compactMap { message in
      switch message.kind {
      case UInt8(ascii: "B"): message.texts.dropFirst().first
      case UInt8(ascii: "Q"):
        message.texts.first.map { text in
          text.split(separator: " ").prefix(2).filter { !$0.contains("\"") }.joined(separator: " ")
        }
      default: nil
      }
    }
  }
}

// MARK: - Requests that fail

extension ProxiedRequest {
  /// Another request in its place: the server raises an error and has done nothing else.
  func failingFirst(code: String) -> [UInt8] { .message("Q", Array((Self.raise(code)).utf8) + [0]) }

  /// The same request with an error after all that it runs, before its end: the server takes all of it back.
  func failingLast(code: String) -> [UInt8] {
    guard let end = messages.last else { return [] }
    if end.kind == UInt8(ascii: "Q") {
      let text = end.texts.first ?? ""
      return bytes(before: messages.count - 1) + .message("Q", Array("\(text); \(Self.raise(code))".utf8) + [0])
    }
    let parse: [UInt8] = .message("P", [0] + Array(Self.raise(code).utf8) + [0, 0, 0])
    // No names, formats or parameters; any number of rows.
    let bind: [UInt8] = .message("B", [0, 0, 0, 0, 0, 0, 0, 0])
    let execute: [UInt8] = .message("E", [0, 0, 0, 0, 0])
    return bytes(before: commitPlace ?? messages.count - 1) + parse + bind + execute
      + messages[(commitPlace ?? messages.count - 1)...].flatMap(\.bytes)
  }

  /// Where the statement `commit` is bound, if it is the last one.
  private var commitPlace: Int? {
    guard statements.last == "commit" else { return nil }
    return messages.lastIndex { $0.kind == UInt8(ascii: "B") }
  }

  private static func raise(_ code: String) -> String {
    "do $$ begin raise exception using errcode = '\(code)', message = 'raised on the way'; end $$"
  }
}

extension MessageSplitter.Message {
  /// The texts that it begins with, each up to its NUL.
  fileprivate var texts: [String] {
    bytes.dropFirst(5).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false).prefix(2)
      .map { String(decoding: $0, as: UTF8.self) }
  }
}

extension [UInt8] {
  /// A message of the protocol with its kind and its length.
  static func message(_ kind: Character, _ body: [UInt8]) -> [UInt8] {
    let length = UInt32(body.count + 4)
    return [kind.asciiValue ?? 0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + body
  }

  /// What a server tells of an error, or of less than that.
  static func report(_ kind: Character, severity: String, code: String) -> [UInt8] {
    let fields = [("S", severity), ("V", severity), ("C", code), ("M", "raised on the way")]
    return .message(kind, fields.flatMap { Array($0.0.utf8) + Array($0.1.utf8) + [0] } + [0])
  }
}
#endif
