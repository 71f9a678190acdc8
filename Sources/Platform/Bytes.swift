public import Glibc

// Comparisons byte by byte. They do not take constant time; secrets are compared with OpenSSL's function. They are
// inlinable, since every request compares names.

extension String {
  /// Checks whether both texts have the same bytes.
  ///
  /// `==` treats two spellings of one text in different Unicode normal forms as equal; names, ids and claims (RFC 7519
  /// §7.3) are compared without any normalization.
  @inlinable package func hasSameBytes(as other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    let isSame = unsafe utf8.withContiguousStorageIfAvailable { mine in
      unsafe other.utf8.withContiguousStorageIfAvailable { theirs in
        guard let mine = mine.baseAddress, let theirs = theirs.baseAddress else { return true }
        return unsafe memcmp(mine, theirs, utf8.count) == 0
      }
    }
    return isSame.flatMap { $0 } ?? utf8.elementsEqual(other.utf8)
  }
}

extension Span<UInt8> {
  @inlinable package func hasSameBytes(as other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return unsafe withUnsafeBytes { mine in
      unsafe other.withUnsafeBytes { theirs in
        guard let mine = mine.baseAddress, let start = theirs.baseAddress else { return true }
        return unsafe memcmp(mine, start, theirs.count) == 0
      }
    }
  }

  /// True if all bytes are zero.
  package var isZero: Bool {
    unsafe withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, unsafe !bytes.isEmpty else { return true }
      // Each byte equals the one before it, and the first one is zero.
      return unsafe bytes[0] == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
    }
  }

  /// Returns the first index from `start` on that has this byte.
  @inlinable package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
    guard start < count else { return nil }
    return unsafe withUnsafeBufferPointer { bytes -> Int? in
      guard let base = bytes.baseAddress else { return nil }
      guard let found = unsafe memchr(base + start, Int32(byte), count - start) else { return nil }
      return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
  }
}

// Integers in bytes, the lowest byte first. They are inlinable, since otherwise each call in another module would look
// up the type at run time.

extension Span<UInt8> {
  /// Returns the little-endian integer at `offset`, all of whose bytes must exist.
  @inlinable package func integer<Value: FixedWidthInteger & UnsignedInteger>(_: Value.Type, at offset: Int) -> Value {
    precondition(offset >= 0 && offset <= count - Value.bitWidth / 8)
    let loaded = unsafe withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    return Value(littleEndian: loaded)
  }
}

extension [UInt8] {
  @inlinable package mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
    // For so few bytes this is cheaper than a copy.
    for byte in 0..<(value.bitWidth / 8) { append(UInt8(truncatingIfNeeded: value >> (byte * 8))) }
  }

  /// Overwrites the bytes at `offset`, which must exist, with the integer.
  @inlinable package mutating func overwriteLittleEndian<Value: FixedWidthInteger & UnsignedInteger>(
    _ value: Value, at offset: Int
  ) {
    for place in 0..<Value.bitWidth / 8 { self[offset + place] = UInt8(truncatingIfNeeded: value >> (8 * place)) }
  }
}
