/// A set of scope tokens in the order in which they were first named (RFC 6749 §3.3).
///
/// Order is kept because the reply repeats it; equality and subset ignore it.
public struct Scopes: Sendable {
  public let tokens: [String]

  /// The most scope tokens in one set.
  public static let countMax = 64
  /// The most UTF-8 bytes of the joined text.
  public static let bytesMax = 1024

  public static let none = Scopes(unchecked: [])

  /// The tokens joined by single spaces, as the `scope` parameter and claim carry them.
  public let text: String

  private init(unchecked tokens: [String], text: String? = nil) {
    self.tokens = tokens
    self.text = text ?? tokens.joined(separator: " ")
  }

  /// Parses space-separated scope tokens; repeated tokens are kept once.
  ///
  /// Returns nil where a character is outside `%x21 / %x23-5B / %x5D-7E`, where spaces are
  /// leading, trailing or doubled, or where a bound is passed. The empty text is the empty set.
  public init?(_ text: some StringProtocol) {
    let text = String(text)
    guard text.utf8.count <= Scopes.bytesMax else { return nil }
    guard !text.isEmpty else {
      self = .none
      return
    }
    var tokens: [String] = []
    var hasTwins = false
    for part in text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) {
      guard !part.isEmpty, part.allSatisfy(Scopes.isScopeByte) else { return nil }
      let token = String(Substring(part))
      if tokens.contains(token) { hasTwins = true } else { tokens.append(token) }
    }
    guard tokens.count <= Scopes.countMax else { return nil }
    self.init(unchecked: tokens, text: hasTwins ? nil : text)
  }

  public var isEmpty: Bool { tokens.isEmpty }

  public func contains(_ token: String) -> Bool { tokens.contains(token) }

  public func isSubset(of other: Scopes) -> Bool {
    tokens.allSatisfy(other.contains)
  }

  /// The tokens that are in both, in this set's order.
  public func intersection(_ other: Scopes) -> Scopes {
    Scopes(unchecked: tokens.filter(other.contains))
  }

  private static func isScopeByte(_ byte: UInt8) -> Bool {
    byte == 0x21 || (0x23...0x5B).contains(byte) || (0x5D...0x7E).contains(byte)
  }
}

extension Scopes: Hashable {
  public static func == (left: Scopes, right: Scopes) -> Bool {
    left.tokens.count == right.tokens.count && left.isSubset(of: right)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(Set(tokens))
  }
}
