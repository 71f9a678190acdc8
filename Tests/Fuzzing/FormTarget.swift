@testable import TokenForm

/// The body of a request.
///
/// What was written by the rules is read as it was written.
enum FormTarget: OneInput {
  private static let known: [FormParameters.Parameter] = [
    .grantType, .clientID, .clientSecret, .username, .password, .refreshToken, .scope,
  ]

  private static let digits = Array("0123456789abcdef".utf8)

  static func run(_ input: inout InputBytes) {
    let mode = input.byte()
    if mode % 2 == 0 {
      runRaw(input.rest(), isReadTwice: mode % 8 == 0)
    } else {
      runStructured(&input)
    }
  }

  private static func runRaw(_ bytes: [UInt8], isReadTwice: Bool) {
    if isReadTwice, let decoded = PercentDecoding.decode(bytes[...]) {
      require(decoded.count <= bytes.count, "a decoded text is longer than it was")
      require(
        PercentDecoding.decode(encode(decoded, plus: true)[...]) == decoded, "a text changes when it is written again")
    }
    guard let form = try? FormParameters(bytes[...]) else { return }
    for parameter in known {
      guard let value = form[parameter] else { continue }
      require(!value.isEmpty, "an empty value is given as one")
      require(value.utf8.count < bytes.count, "a value is longer than the body")
      require(!value.utf8.contains(0), "a value holds a zero byte")
    }
    guard isReadTwice else { return }
    // A slice with indices of its own is read the same.
    let again = try? FormParameters(([0x26] + bytes)[1...])
    for parameter in known { require(again?[parameter] == form[parameter], "a form is read in two ways") }
  }

  /// Right forms, but for what the fuzzer breaks.
  private static func runStructured(_ input: inout InputBytes) {
    var body: [UInt8] = []
    var expected: [String: String] = [:]
    var isRepeated = false
    var isBroken = false
    for _ in 0..<input.choice(10) {
      let name = input.byte() % 4 == 0 ? input.text(12) : known[input.choice(known.count)].rawValue
      let value = input.text(40)
      if expected[name] != nil { isRepeated = true }
      if (name + value).utf8.contains(0) { isBroken = true }
      // Names that differ in their normal form are two for the parser and one for a dictionary.
      if !name.utf8.allSatisfy({ $0 < 0x80 }) { isBroken = true }
      expected[name] = value
      if !body.isEmpty { body.append(UInt8(ascii: "&")) }
      body += encode(Array(name.utf8), plus: input.byte() % 2 == 0)
      body.append(UInt8(ascii: "="))
      body += encode(Array(value.utf8), plus: input.byte() % 2 == 0)
    }
    if input.byte() == 0xFF {
      isBroken = true
      body.insert(contentsOf: input.take(4), at: body.isEmpty ? 0 : Int(input.byte()) % body.count)
    }
    do throws(FormError) {
      let form = try FormParameters(body[...])
      require(isBroken || !isRepeated, "a repeated parameter is accepted")
      guard !isBroken else { return }
      for parameter in known {
        let value = expected[parameter.rawValue].flatMap { $0.isEmpty ? nil : $0 }
        require(form[parameter] == value, "\(parameter.rawValue) is not read as it was written")
      }
    } catch {
      require(isBroken || isRepeated && error == .duplicate, "a right form is refused: \(error)")
    }
  }

  private static func encode(_ bytes: [UInt8], plus: Bool) -> [UInt8] {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(bytes.count * 3)
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): encoded.append(byte)
      case 0x20 where plus: encoded.append(UInt8(ascii: "+"))
      default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return encoded
  }
}
