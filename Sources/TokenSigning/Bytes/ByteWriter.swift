/// A writer that appends to memory that its caller has allocated.
///
/// Every write is checked against the room left. The writer must not outlive the closure that lent the memory.
@safe struct ByteWriter {
  private let room: UnsafeMutableBufferPointer<UInt8>
  private(set) var count = 0

  init(_ room: UnsafeMutableBufferPointer<UInt8>) {
    unsafe self.room = unsafe room
  }

  var written: UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(rebasing: room[..<count])
  }

  private var left: Int { unsafe room.count - count }
  private var end: UnsafeMutablePointer<UInt8>? { unsafe room.baseAddress.map { unsafe $0 + count } }

  mutating func append(_ byte: UInt8) {
    precondition(left > 0, "no room left")
    unsafe room[count] = byte
    count += 1
  }

  mutating func append(_ text: StaticString) {
    unsafe append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func append(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
  }

  @unsafe mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress, let target = unsafe end else { return }
    precondition(bytes.count <= left, "no room left")
    unsafe target.update(from: source, count: bytes.count)
    count += bytes.count
  }

  mutating func append(base64URL bytes: Span<UInt8>) {
    precondition(Base64URL.encodedCount(bytes.count) <= left, "no room left")
    guard let target = unsafe end else { return }
    count += unsafe bytes.withUnsafeBufferPointer { unsafe Base64URL.encode($0, at: target) }
  }

  mutating func append(decimal value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    var digits: InlineArray<20, UInt8> = .init(repeating: 0)
    var first = 20
    repeat {
      first -= 1
      digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest != 0
    for index in first..<20 { append(digits[index]) }
  }

  /// Returns the most bytes that `append(jsonString:)` writes for a text.
  static func jsonStringBytesMax(_ text: String) -> Int { text.utf8.count * 6 + 2 }

  /// Appends a JSON string with its quotes (RFC 8259 §7).
  ///
  /// Characters that need no escape are written in UTF-8.
  mutating func append(jsonString text: String) {
    append(UInt8(ascii: "\""))
    let bytes = text.utf8.span
    var clean = 0
    for index in bytes.indices {
      let byte = bytes[index]
      if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") { continue }
      append(bytes.extracting(clean..<index))
      append(escaped: byte)
      clean = index + 1
    }
    append(bytes.extracting(clean..<bytes.count))
    append(UInt8(ascii: "\""))
  }

  /// Returns the text that `append(jsonString:)` writes.
  static func jsonText(_ text: String) -> String {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: jsonStringBytesMax(text)) { scratch in
      var writer = unsafe ByteWriter(scratch)
      writer.append(jsonString: text)
      return unsafe String(decoding: writer.written, as: UTF8.self)
    }
  }

  private mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
  }

  private mutating func append(escaped byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case UInt8(ascii: "\n"): append("\\n")
    case UInt8(ascii: "\r"): append("\\r")
    case UInt8(ascii: "\t"): append("\\t")
    default:
      append("\\u00")
      for digit in [byte >> 4, byte & 15] {
        append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }
}
