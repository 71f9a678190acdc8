extension Unicode.Scalar {
  /// Whether it is one of Unicode's control characters (`Cc`): the first 32, the delete, and those from 0x80 to 0x9F.
  @inlinable package var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}

extension String {
  package var hasControlCharacters: Bool { unicodeScalars.contains(where: \.isControl) }
}

extension UInt8 {
  /// Whether it is a control character of ASCII: the first 32 and the delete.
  @inlinable package var isControl: Bool { self < 0x20 || self == 0x7F }
}
