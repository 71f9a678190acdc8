/// The 12 random bytes that identify a session, and with it every token that descends from one grant.
public struct SessionID: Sendable, Hashable, Comparable {
  public let high: UInt64
  public let low: UInt32

  @inlinable public init(high: UInt64, low: UInt32) {
    self.high = high
    self.low = low
  }

  /// Orders ids for lists; the order has no meaning.
  public static func < (left: SessionID, right: SessionID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  /// Creates a random id.
  ///
  /// Its text never begins with `-`, the 62nd letter of base64url, since a command line would take it for an option.
  package init(from random: inout some RandomNumberGenerator) {
    var high: UInt64 = random.next()
    while high >> 58 == 62 { high = random.next() }
    self.init(high: high, low: UInt32(truncatingIfNeeded: random.next() as UInt64))
  }
}

/// The `jti` of a token (RFC 7519 §4.1.7): its session and its generation.
///
/// The first token of a session has generation 0; each rotation adds one.
public struct TokenID: Sendable, Hashable {
  public let session: SessionID
  public let generation: UInt32

  @inlinable public init(session: SessionID, generation: UInt32) {
    self.session = session
    self.generation = generation
  }
}

// MARK: - Text forms, for claims, command lines, queries and JSON

extension SessionID: LosslessStringConvertible, Codable {
  private static let bytes = 12

  /// The id as the `sid` claim has it: 16 base64url characters.
  public var text: String { IdentifierText.text([(high, 8), (UInt64(low), 4)]) }

  /// The ``text`` of the id.
  public var description: String { text }

  /// Creates an id from its text, or returns nil unless `text` is 16 canonical base64url characters.
  public init?(text: String) {
    guard let bytes = IdentifierText.bytes(of: text, count: Self.bytes) else { return nil }
    self.init(high: Array(bytes[..<8]).bigEndian, low: UInt32(truncatingIfNeeded: Array(bytes[8...]).bigEndian))
  }

  /// Creates an id from its text; see ``init(text:)``.
  public init?(_ description: String) { self.init(text: description) }

  /// Decodes the ``text`` from a string.
  ///
  /// - Throws: `DecodingError.dataCorrupted` for any other string.
  public init(from decoder: any Decoder) throws {
    self = try decoder.decodeText(as: "a session id, 16 base64url characters", SessionID.init(text:))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension TokenID: LosslessStringConvertible, Codable {
  private static let bytes = 16

  /// The id as the `jti` claim has it: 22 base64url characters.
  public var text: String {
    IdentifierText.text([(session.high, 8), (UInt64(session.low), 4), (UInt64(generation), 4)])
  }

  /// The ``text`` of the id.
  public var description: String { text }

  /// Creates an id from its text, or returns nil unless `text` is 22 canonical base64url characters.
  public init?(text: String) {
    guard let bytes = IdentifierText.bytes(of: text, count: Self.bytes) else { return nil }
    self.init(
      session: SessionID(
        high: Array(bytes[..<8]).bigEndian, low: UInt32(truncatingIfNeeded: Array(bytes[8..<12]).bigEndian)),
      generation: UInt32(truncatingIfNeeded: Array(bytes[12...]).bigEndian))
  }

  /// Creates an id from its text; see ``init(text:)``.
  public init?(_ description: String) { self.init(text: description) }

  /// Decodes the ``text`` from a string.
  ///
  /// - Throws: `DecodingError.dataCorrupted` for any other string.
  public init(from decoder: any Decoder) throws {
    self = try decoder.decodeText(as: "a token id, 22 base64url characters", TokenID.init(text:))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// The text form of ids: base64url without padding (RFC 4648 §5), canonical only.
enum IdentifierText {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// Returns the text of big-endian words, each given with its number of bytes.
  static func text(_ words: [(value: UInt64, bytes: Int)]) -> String {
    var text: [UInt8] = []
    var (pending, count) = (UInt32(0), 0)
    for (value, bytes) in words {
      for index in (0..<bytes).reversed() {
        pending = pending << 8 | UInt32(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        count += 8
        while count >= 6 {
          count -= 6
          text.append(letters[Int(pending >> UInt32(count)) & 63])
        }
        pending &= 63
      }
    }
    if count > 0 { text.append(letters[Int(pending << UInt32(6 - count)) & 63]) }
    return String(decoding: text, as: UTF8.self)
  }

  /// Returns the bytes of a text, or nil unless it is the canonical text of `count` bytes.
  static func bytes(of text: String, count: Int) -> [UInt8]? {
    guard text.utf8.count == (count * 8 + 5) / 6 else { return nil }
    var bytes: [UInt8] = []
    var (pending, bits) = (UInt32(0), 0)
    for letter in text.utf8 {
      guard let value = value(of: letter) else { return nil }
      pending = (pending << 6 | value) & 0xFFFF
      bits += 6
      guard bits >= 8 else { continue }
      bits -= 8
      bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
    }
    // The remaining bits must be zero; otherwise several texts would stand for the same bytes.
    return pending & (1 << UInt32(bits) - 1) == 0 ? bytes : nil
  }

  private static func value(of letter: UInt8) -> UInt32? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter) - 97 + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter) - 48 + 52
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}

extension Array where Element == UInt8 {
  /// The bytes, at most eight, as a big-endian number.
  fileprivate var bigEndian: UInt64 { reduce(0) { $0 << 8 | UInt64($1) } }
}

extension Decoder {
  /// Decodes a string and parses it.
  ///
  /// - Parameters:
  ///   - what: A description of the expected text, for the error.
  ///   - parse: A function that returns nil for a text that is not accepted.
  /// - Returns: The value that `parse` has made.
  /// - Throws: `DecodingError.dataCorrupted` if `parse` returns nil, or the decoder's error if there is no string.
  package func decodeText<Value>(as what: String, _ parse: (String) -> Value?) throws -> Value {
    let container = try singleValueContainer()
    guard let value = parse(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "it must be \(what)")
    }
    return value
  }
}
