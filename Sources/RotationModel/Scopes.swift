/// A set of scope tokens in the order in which they were first named (RFC 6749 §3.3).
///
/// The order is kept because the reply repeats it; equality and subset ignore it. A program writes them as a list,
/// `["orders.read", "orders.write"]`, and the empty set as `[]`; input from outside is parsed with ``init(_:)``.
public struct Scopes: Sendable {
  /// The tokens joined by single spaces, as the `scope` parameter and claim carry them.
  public let text: String

  /// The most scope tokens in one set.
  public static let countMax = 64
  /// The most UTF-8 bytes of the joined text.
  public static let bytesMax = 1024

  /// The empty set, which is also written `[]`.
  ///
  /// It is not called `none`: if the type is `Scopes?`, as in ``Client/scopes``, Swift reads `.none` as nil, which is
  /// no limit.
  public static let empty = Scopes(unchecked: "")

  @available(*, unavailable, renamed: "empty", message: "where Scopes? is asked for, .none is nil, which means all")
  public static var none: Scopes { empty }

  private init(unchecked text: String) {
    self.text = text
  }

  /// Parses space-separated scope tokens; repeated tokens are kept once.
  ///
  /// The empty text is the empty set.
  ///
  /// Returns nil if a character is outside `%x21 / %x23-5B / %x5D-7E`, if a space is leading, trailing or doubled, or
  /// if a limit is exceeded.
  public init?(_ text: some StringProtocol) {
    let text = String(text)
    let bytes = text.utf8.span
    guard bytes.count <= Scopes.bytesMax else { return nil }
    guard !bytes.isEmpty else {
      self = .empty
      return
    }
    var (count, start) = (0, 0)
    var hasTwins = false
    for end in 0...bytes.count {
      if end < bytes.count, bytes[end] != Scopes.space {
        guard Scopes.isScopeByte(bytes[end]) else { return nil }
        continue
      }
      guard end > start else { return nil }
      let token = bytes.extracting(start..<end)
      if Scopes.names(bytes.extracting(first: max(0, start - 1)), token) { hasTwins = true } else { count += 1 }
      start = end + 1
    }
    guard count <= Scopes.countMax else { return nil }
    self.init(unchecked: hasTwins ? Scopes.joined(Scopes.split(text).withoutTwins) : text)
  }

  /// The tokens as strings, which are made anew at each call.
  public var tokens: [String] { Scopes.split(text) }

  public var isEmpty: Bool { text.isEmpty }

  public func contains(_ token: String) -> Bool {
    Scopes.names(text.utf8.span, token.utf8.span)
  }

  public func isSubset(of other: Scopes) -> Bool {
    text == other.text || tokens.allSatisfy(other.contains)
  }

  /// Returns the tokens that are in both sets, in this set's order.
  public func intersection(_ other: Scopes) -> Scopes {
    text == other.text ? self : Scopes(unchecked: Scopes.joined(tokens.filter(other.contains)))
  }

  private static let space = UInt8(ascii: " ")

  private static func split(_ text: String) -> [String] {
    text.utf8.split(separator: space).map { String(Substring($0)) }
  }

  private static func joined(_ tokens: [String]) -> String { tokens.joined(separator: " ") }

  /// Checks whether `token` is one of those in `list`.
  private static func names(_ list: Span<UInt8>, _ token: Span<UInt8>) -> Bool {
    guard !token.isEmpty else { return false }
    var start = 0
    while list.count - start >= token.count {
      var matched = 0
      while matched < token.count, list[start + matched] == token[matched], token[matched] != space { matched += 1 }
      let end = start + matched
      if matched == token.count, end == list.count || list[end] == space { return true }
      start = end
      while start < list.count, list[start] != space { start += 1 }
      start += 1
    }
    return false
  }

  private static func isScopeByte(_ byte: UInt8) -> Bool {
    byte == 0x21 || (0x23...0x5B).contains(byte) || (0x5D...0x7E).contains(byte)
  }
}

extension Scopes: ExpressibleByArrayLiteral {
  /// Creates a set from scopes that are written in the program.
  ///
  /// An invalid list is a programming error and stops the program.
  public init(arrayLiteral tokens: String...) {
    guard tokens.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }), let scopes = Scopes(Scopes.joined(tokens)) else {
      preconditionFailure("\(tokens) are no scope tokens (RFC 6749 §3.3)")
    }
    self = scopes
  }
}

extension Scopes: LosslessStringConvertible, Codable {
  /// The ``text`` of the set.
  public var description: String { text }

  /// Decodes the ``text`` from a string.
  ///
  /// - Throws: `DecodingError.dataCorrupted` for a string that ``init(_:)`` does not accept.
  public init(from decoder: any Decoder) throws {
    self = try decoder.decodeText(as: "scope tokens separated by single spaces (RFC 6749 §3.3)") { Scopes($0) }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension Scopes: Hashable {
  public static func == (left: Scopes, right: Scopes) -> Bool {
    left.text == right.text || (left.text.utf8.count == right.text.utf8.count && left.isSubset(of: right))
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(Set(tokens))
  }
}

extension [String] {
  fileprivate var withoutTwins: [String] {
    reduce(into: []) { kept, token in if !kept.contains(token) { kept.append(token) } }
  }
}
