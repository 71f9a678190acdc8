/// The `jti` of a token: the 12 random bytes of its session (`sid`) and a 4-byte big-endian generation, as 22 letters
/// of base64url.
package struct TokenIdentifier: Sendable, Hashable {
  package static let textBytes = 22
  package static let sessionTextBytes = 16

  package let sessionHigh: UInt64
  package let sessionLow: UInt32
  package let generation: UInt32

  package init(sessionHigh: UInt64, sessionLow: UInt32, generation: UInt32) {
    self.sessionHigh = sessionHigh
    self.sessionLow = sessionLow
    self.generation = generation
  }

  /// Reads the text.
  ///
  /// Returns nil unless it is exactly 22 canonical letters.
  package init?(text: String) {
    self.init(text: text.utf8.span)
  }

  /// Reads the text.
  ///
  /// Returns nil unless it is exactly 22 canonical letters.
  init?(text: Span<UInt8>) {
    guard text.count == Self.textBytes, let bytes = Base64URL.decode(text) else { return nil }
    self.init(
      sessionHigh: Self.bigEndian(bytes[0..<8]),
      sessionLow: UInt32(truncatingIfNeeded: Self.bigEndian(bytes[8..<12])),
      generation: UInt32(truncatingIfNeeded: Self.bigEndian(bytes[12..<16])))
  }

  /// Reads a session's `sid`, with generation 0.
  ///
  /// Returns nil unless the text is exactly 16 canonical letters.
  package init?(sessionText text: String) {
    guard text.utf8.count == Self.sessionTextBytes, let bytes = Base64URL.decode(text) else { return nil }
    self.init(
      sessionHigh: Self.bigEndian(bytes[0..<8]),
      sessionLow: UInt32(truncatingIfNeeded: Self.bigEndian(bytes[8..<12])), generation: 0)
  }

  /// The identifier as 16 bytes: the session's 12, then the generation.
  package var bytes: InlineArray<16, UInt8> {
    InlineArray { index in
      switch index {
      case 0..<8: UInt8(truncatingIfNeeded: sessionHigh >> UInt64(8 * (7 - index)))
      case 8..<12: UInt8(truncatingIfNeeded: sessionLow >> UInt32(8 * (11 - index)))
      default: UInt8(truncatingIfNeeded: generation >> UInt32(8 * (15 - index)))
      }
    }
  }

  package var text: String { Base64URL.text(bytes.span) }

  package var sessionText: String { Base64URL.text(bytes.span.extracting(first: 12)) }

  private static func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }
}
