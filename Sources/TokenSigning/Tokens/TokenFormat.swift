internal import Glibc

/// What every compact JWS (RFC 7515 §7.1) that we read must look like, before any of its bytes is believed.
enum TokenFormat {
  /// A limit on what is decoded and authenticated at all.
  static let textBytesMax = 4096

  /// Where the three parts of a token lie in its text.
  struct Parts {
    let header: Range<Int>
    let payload: Range<Int>
    let signature: Range<Int>
    /// What the signature is over.
    var signed: Range<Int> { 0..<payload.upperBound }
  }

  static func split(_ text: Span<UInt8>) throws(TokenRefusal) -> Parts {
    guard text.count <= textBytesMax else { throw .tooLong }
    guard let first = dot(in: text, from: 0), let second = dot(in: text, from: first + 1),
      dot(in: text, from: second + 1) == nil
    else { throw .malformed }
    return Parts(header: 0..<first, payload: (first + 1)..<second, signature: (second + 1)..<text.count)
  }

  private static func dot(in text: Span<UInt8>, from start: Int) -> Int? {
    guard start < text.count else { return nil }
    return unsafe text.withUnsafeBufferPointer { bytes -> Int? in
      guard let base = bytes.baseAddress else { return nil }
      guard let found = unsafe memchr(base + start, Int32(UInt8(ascii: ".")), text.count - start) else { return nil }
      return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
  }
}
