/// Names a session or token in a log line without being its id: the same each time, on every machine.
///
/// 64-bit FNV-1a as 16 hexadecimal digits. What is hashed is random, so nothing is guessed from the hash; it protects
/// nothing that is secret.
enum ShortHash {
  static func text(of identifier: some StringProtocol) -> String {
    let hash = identifier.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
