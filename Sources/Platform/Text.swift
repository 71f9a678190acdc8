extension String {
  /// Creates the text of a number with leading zeroes, with at least the given number of digits.
  package init(
    _ value: some UnsignedInteger & FixedWidthInteger, radix: Int = 16, digits: Int, uppercase: Bool = false
  ) {
    let text = String(value, radix: radix, uppercase: uppercase)
    self = String(repeating: "0", count: Swift.max(0, digits - text.utf8.count)) + text
  }

  /// Creates the text of bytes, with two hexadecimal digits for each.
  package init(hexadecimal bytes: some Sequence<UInt8>, uppercase: Bool = false) {
    self = bytes.map { String($0, digits: 2, uppercase: uppercase) }.joined()
  }
}

extension Unicode.Scalar {
  /// True if the scalar is one of Unicode's control characters (`Cc`): the first 32, the delete, and those from 0x80 to
  /// 0x9F.
  @inlinable package var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}

extension String {
  package var hasControlCharacters: Bool { unicodeScalars.contains(where: \.isControl) }
}

extension UInt8 {
  /// True if the byte is a control character of ASCII: the first 32 and the delete.
  @inlinable package var isControl: Bool { self < 0x20 || self == 0x7F }
}
