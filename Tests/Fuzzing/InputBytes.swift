import Glibc

/// One input after another, each on its own: nothing may be kept between two of them.
protocol OneInput {
  static func run(_ input: inout InputBytes)
}

/// The fuzzer's bytes as a source of choices.
///
/// Past their end every choice is the first.
struct InputBytes {
  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var isEmpty: Bool { offset >= bytes.count }

  mutating func byte() -> UInt8 {
    guard offset < bytes.count else { return 0 }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) -> Value {
    var value: Value = 0
    for place in 0..<(Value.bitWidth / 8) { value |= Value(truncatingIfNeeded: byte()) << (8 * place) }
    return value
  }

  /// 0 ..< count.
  mutating func choice(_ count: Int) -> Int { Int(byte()) % count }

  mutating func take(_ count: Int) -> [UInt8] {
    let end = min(bytes.count, offset + count)
    defer { offset = end }
    return Array(bytes[offset..<end])
  }

  mutating func rest() -> [UInt8] { take(bytes.count) }

  /// A number of any size, small ones more often.
  mutating func anyInteger() -> UInt64 {
    switch byte() % 4 {
    case 0: UInt64(byte() % 16)
    case 1: UInt64(byte())
    case 2: UInt64(integer(UInt32.self))
    default: integer(UInt64.self)
    }
  }

  /// Text of at most `count` bytes, not UTF-8 made into it.
  mutating func text(_ count: Int) -> String { String(decoding: take(choice(count + 1)), as: UTF8.self) }
}

/// Ends the program, as a trap would, where a property does not hold.
func require(_ holds: Bool, _ property: @autoclosure () -> String) {
  if holds { return }
  say("PROPERTY BROKEN: \(property())")
  abort()
}

/// One line for a person, on the standard error output.
func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
}
