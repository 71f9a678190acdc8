internal import RotationModel

/// A set of scope tokens in the order in which they were first named (RFC 6749 §3.3).
///
/// Order is kept because the reply repeats it; equality and subset ignore it. In a program they are written as a list,
/// `["orders.read", "orders.write"]`, and the empty set as `[]`; what comes from outside goes through ``init(_:)``.
public struct Scopes: Sendable {
  /// The tokens joined by single spaces, as the `scope` parameter and claim carry them.
  public let text: String

  /// The most scope tokens in one set.
  public static let countMax = 64
  /// The most UTF-8 bytes of the joined text.
  public static let bytesMax = 1024

  /// No scope at all, the same as `[]`.
  ///
  /// It is not called `none`: where `Scopes?` is asked for, as in ``Client/scopes``, Swift reads `.none` as nil, which is no limit.
  public static let empty = Scopes(unchecked: "")

  @available(*, unavailable, renamed: "empty", message: "where Scopes? is asked for, .none is nil, which means all")
  public static var none: Scopes { empty }

  private init(unchecked text: String) {
    self.text = text
  }

  /// Parses space-separated scope tokens; repeated tokens are kept once.
  ///
  /// Returns nil where a character is outside `%x21 / %x23-5B / %x5D-7E`, where spaces are
  /// leading, trailing or doubled, or where a bound is passed. The empty text is the empty set.
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

  /// Made anew at each call: a string for each.
  public var tokens: [String] { Scopes.split(text) }

  public var isEmpty: Bool { text.isEmpty }

  public func contains(_ token: String) -> Bool {
    Scopes.names(text.utf8.span, token.utf8.span)
  }

  public func isSubset(of other: Scopes) -> Bool {
    text == other.text || tokens.allSatisfy(other.contains)
  }

  /// The tokens that are in both, in this set's order.
  public func intersection(_ other: Scopes) -> Scopes {
    text == other.text ? self : Scopes(unchecked: Scopes.joined(tokens.filter(other.contains)))
  }

  private static let space = UInt8(ascii: " ")

  private static func split(_ text: String) -> [String] {
    text.utf8.split(separator: space).map { String(Substring($0)) }
  }

  private static func joined(_ tokens: [String]) -> String { tokens.joined(separator: " ") }

  /// Whether `token` is one of those in `list`.
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
  /// For scopes that stand in the program: a list that is none is a mistake in it, and stops it.
  public init(arrayLiteral tokens: String...) {
    guard tokens.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }), let scopes = Scopes(Scopes.joined(tokens)) else {
      preconditionFailure("\(tokens) are no scope tokens (RFC 6749 §3.3)")
    }
    self = scopes
  }
}

extension Scopes: LosslessStringConvertible, Codable {
  /// The same as ``text``.
  public var description: String { text }

  /// A string, the ``text``. Throws `DecodingError.dataCorrupted` for a string that ``init(_:)`` does not take.
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
