/// What happened in a simulation, as one number and, for a person, line by line.
///
/// One thread uses it.
final class SimulationTrace {
  /// Of every choice, call, reading and answer so far, in their order.
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  private let print: ((String) -> Void)?

  init(print: ((String) -> Void)? = nil) {
    self.print = print
  }

  var isPrinted: Bool { print != nil }

  func mix(_ value: UInt64) {
    hash = (hash ^ value) &* 0x9E37_79B9_7F4A_7C15
    hash ^= hash >> 29
  }

  func mix(_ value: Int) {
    mix(UInt64(bitPattern: Int64(value)))
  }

  func mix(_ text: String) {
    var text = text
    let sum = text.withUTF8 { bytes in bytes.reduce(0 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }
    mix(sum)
  }

  func note(_ line: @autoclosure () -> String) {
    print?(line())
  }
}
