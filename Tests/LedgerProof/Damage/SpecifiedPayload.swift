/// What a payload of type 1 holds: docs/wal-format.md section 5, and the LZ4 block format, read anew.
enum SpecifiedPayload {
  /// The bytes of an LZ4 block; nil unless it is whole and yields exactly `count` bytes.
  static func decompressed(_ block: ArraySlice<UInt8>, count: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var place = block.startIndex
    func length(_ nibble: UInt8) -> Int? {
      var length = Int(nibble)
      guard nibble == 15 else { return length }
      while place < block.endIndex {
        let byte = block[place]
        place += 1
        length += Int(byte)
        if byte < 255 { return length }
      }
      return nil
    }
    while place < block.endIndex {
      let token = block[place]
      place += 1
      guard let literals = length(token >> 4), place + literals <= block.endIndex else { return nil }
      guard bytes.count + literals <= count else { return nil }
      bytes += block[place..<(place + literals)]
      place += literals
      if place == block.endIndex { return bytes.count == count && token & 15 == 0 ? bytes : nil }
      guard place + 2 <= block.endIndex else { return nil }
      let distance = Int(block[place]) | Int(block[place + 1]) << 8
      place += 2
      guard let more = length(token & 15), distance > 0, distance <= bytes.count else { return nil }
      guard bytes.count + more + 4 <= count else { return nil }
      for _ in 0..<(more + 4) { bytes.append(bytes[bytes.count - distance]) }
    }
    return nil
  }

  /// The kinds of the records in order; nil where the bytes are not records from their first to their last.
  static func recordKinds(_ payload: [UInt8]) -> [UInt8]? {
    guard payload.count > 8 else { return nil }
    var reading = Reading(bytes: payload, place: 8)
    var kinds: [UInt8] = []
    while reading.place < payload.count {
      guard let kind = reading.record() else { return nil }
      kinds.append(kind)
    }
    return kinds
  }

  /// The kinds of the entries of a checkpoint in order (section 6); nil where the bytes are not entries.
  static func entryKinds(_ payload: [UInt8]) -> [UInt8]? {
    var kinds: [UInt8] = []
    var place = 0
    while place < payload.count {
      let kind = payload[place]
      guard let fixed = entryBytes[kind], place + 1 + fixed <= payload.count else { return nil }
      let more = entryCounts[kind].map { Int(payload.number(at: place + 1 + $0.at, width: 2)) * $0.unit } ?? 0
      guard place + 1 + fixed + more <= payload.count else { return nil }
      kinds.append(kind)
      place += 1 + fixed + more
    }
    return kinds
  }

  /// By the kind of an entry: bytes of the fields that each one has.
  private static let entryBytes: [UInt8: Int] = [
    64: 8, 65: 6, 66: 29, 67: 54, 68: 43, 69: 20, 70: 17, 71: 24, 72: 10, 73: 37, 74: 62,
  ]
  /// By the kind of an entry: where among them a count of two bytes stands, and how many bytes follow for each that it
  /// counts.
  private static let entryCounts: [UInt8: (at: Int, unit: Int)] = [65: (4, 1), 68: (41, 1), 72: (8, 16)]

  private struct Reading {
    let bytes: [UInt8]
    var place: Int

    /// Passes over one record and returns its kind.
    mutating func record() -> UInt8? {
      guard let kind = byte(), number() != nil, passesFields(of: kind) else { return nil }
      return kind
    }

    private mutating func passesFields(of kind: UInt8) -> Bool {
      switch kind {
      case 1: return numbers(1) && text()
      case 2: return numbers(5) && oneOf(0...1)
      case 3: return numbers(1) && skip(12) && numbers(2)
      case 4: return numbers(1) && skip(1)
      case 5: return numbers(1) && skip(1) && numbers(1)
      case 6: return numbers(1) && oneOf([1, 3, 4])
      case 7:
        guard let count = number(), count <= 256 else { return false }
        return numbers(Int(count))
      case 8: return numbers(1) && skip(12) && numbers(3) && text()
      case 9: return numbers(1)
      case 10: return true
      case 11: return numbers(1) && skip(12) && numbers(3)
      case 12: return numbers(1) && oneOf(1...2)
      case 13: return numbers(1) && oneOf(1...4) && oneOf(0...1) && numbers(1)
      case 14: return numbers(1)
      case 15, 16:
        guard let what = byte(), (1...4).contains(what) else { return false }
        return numbers(what == 3 ? 2 : what == 4 ? 0 : 1)
      case 17: return skip(12) && numbers(2)
      case 18: return numbers(2)
      case 19: return numbers(5) && oneOf(0...1) && skip(8)
      case 20:
        guard numbers(1), skip(12), numbers(2), skip(8), let parts = number(), parts <= 1 else { return false }
        return numbers(Int(parts))
      case 21: return numbers(1)
      default: return false
      }
    }

    private mutating func byte() -> UInt8? {
      guard place < bytes.count else { return nil }
      defer { place += 1 }
      return bytes[place]
    }

    private mutating func oneOf(_ values: some Sequence<UInt8>) -> Bool {
      guard let byte = byte() else { return false }
      return values.contains(byte)
    }

    private mutating func number() -> UInt64? {
      var number: UInt64 = 0
      for shift in stride(from: UInt64(0), through: 56, by: 7) {
        guard let byte = byte() else { return nil }
        number |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return number }
      }
      return nil
    }

    private mutating func numbers(_ count: Int) -> Bool {
      for _ in 0..<count where number() == nil { return false }
      return true
    }

    private mutating func skip(_ count: Int) -> Bool {
      guard count <= bytes.count - place else { return false }
      place += count
      return true
    }

    /// A length and so many bytes.
    private mutating func text() -> Bool {
      guard let count = number(), count <= UInt64(bytes.count - place) else { return false }
      return skip(Int(count))
    }
  }
}
