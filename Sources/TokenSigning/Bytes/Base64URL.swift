/// Base64url without padding (RFC 4648 §5, RFC 7515 §2), canonical only: each byte string has exactly one text.
package enum Base64URL {
  private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  private static let outside: UInt8 = 0xFF
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: outside, count: 256)
    for value in 0..<64 {
      values[Int(unsafe alphabet.utf8Start[value])] = UInt8(value)
    }
    return values
  }()

  static func encodedCount(_ count: Int) -> Int {
    count / 3 * 4 + (count % 3 == 0 ? 0 : count % 3 + 1)
  }

  /// Writes `encodedCount(source.count)` letters at `target` and returns that count.
  ///
  /// The caller must provide the room.
  @unsafe static func encode(_ source: UnsafeBufferPointer<UInt8>, at target: UnsafeMutablePointer<UInt8>) -> Int {
    let letters = unsafe alphabet.utf8Start
    var read = 0
    var written = 0
    while read + 3 <= source.count {
      let group = unsafe UInt32(source[read]) << 16 | UInt32(source[read + 1]) << 8 | UInt32(source[read + 2])
      unsafe target[written] = letters[Int(group >> 18)]
      unsafe target[written + 1] = letters[Int(group >> 12 & 63)]
      unsafe target[written + 2] = letters[Int(group >> 6 & 63)]
      unsafe target[written + 3] = letters[Int(group & 63)]
      read += 3
      written += 4
    }
    let rest = source.count - read
    if rest == 0 { return written }
    let group = unsafe UInt32(source[read]) << 16 | (rest == 2 ? UInt32(source[read + 1]) << 8 : 0)
    unsafe target[written] = letters[Int(group >> 18)]
    unsafe target[written + 1] = letters[Int(group >> 12 & 63)]
    if rest == 2 { unsafe target[written + 2] = letters[Int(group >> 6 & 63)] }
    return written + rest + 1
  }

  package static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
    let count = encodedCount(bytes.count)
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      guard let start = target.baseAddress else { return }
      initialized = unsafe bytes.withUnsafeBufferPointer { unsafe encode($0, at: start) }
    }
  }

  package static func text(_ bytes: Span<UInt8>) -> String {
    String(decoding: encode(bytes), as: UTF8.self)
  }

  /// Returns the decoded bytes, or nil unless the text is canonical.
  ///
  /// Padding, white space, letters of the other alphabet, an impossible length and non-zero trailing bits are all
  /// refused.
  package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var good = true
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 2) { target, initialized in
      guard let start = target.baseAddress else { return }
      let count = unsafe text.withUnsafeBufferPointer { unsafe decode($0, at: start) }
      good = count != nil
      initialized = count ?? 0
    }
    return good ? bytes : nil
  }

  package static func decode(_ text: String) -> [UInt8]? {
    decode(text.utf8.span)
  }

  @unsafe private static func decode(
    _ source: UnsafeBufferPointer<UInt8>, at target: UnsafeMutablePointer<UInt8>
  ) -> Int? {
    unsafe values.withUnsafeBufferPointer { values in
      var seen: UInt8 = 0
      var read = 0
      var written = 0
      while read + 4 <= source.count {
        let a = unsafe values[Int(source[read])]
        let b = unsafe values[Int(source[read + 1])]
        let c = unsafe values[Int(source[read + 2])]
        let d = unsafe values[Int(source[read + 3])]
        seen |= a | b | c | d
        unsafe target[written] = a << 2 | b >> 4
        unsafe target[written + 1] = b << 4 | c >> 2
        unsafe target[written + 2] = c << 6 | d
        read += 4
        written += 3
      }
      let rest = source.count - read
      if rest >= 2 {
        let a = unsafe values[Int(source[read])]
        let b = unsafe values[Int(source[read + 1])]
        let c: UInt8 = unsafe rest == 3 ? values[Int(source[read + 2])] : 0
        seen |= a | b | c
        unsafe target[written] = a << 2 | b >> 4
        written += 1
        let trailing: UInt8
        if rest == 3 {
          unsafe target[written] = b << 4 | c >> 2
          written += 1
          trailing = c << 6
        } else {
          trailing = b << 4
        }
        if trailing != 0 { return nil }
      }
      // Values of the alphabet are below 64; any other letter has set the top bits.
      return seen < 64 ? written : nil
    }
  }
}
