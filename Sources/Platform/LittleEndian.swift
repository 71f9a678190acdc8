// Integers among bytes, the lowest byte first. Inlinable, or each call in another module would look its type up at run time.

extension Span<UInt8> {
  /// The little-endian integer at `offset`, which must lie wholly inside.
  @inlinable package func integer<Value: FixedWidthInteger & UnsignedInteger>(_: Value.Type, at offset: Int) -> Value {
    precondition(offset >= 0 && offset <= count - Value.bitWidth / 8)
    let loaded = unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    return Value(littleEndian: loaded)
  }
}

extension [UInt8] {
  @inlinable package mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
    unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
  }

  /// Writes the integer over the bytes at `offset`, which must be there.
  @inlinable package mutating func overwriteLittleEndian<Value: FixedWidthInteger & UnsignedInteger>(
    _ value: Value, at offset: Int
  ) {
    for place in 0..<Value.bitWidth / 8 { self[offset + place] = UInt8(truncatingIfNeeded: value >> (8 * place)) }
  }
}
