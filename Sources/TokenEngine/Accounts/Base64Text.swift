import FoundationEssentials

/// Base64 without padding in the two alphabets that the account files use. Decoding accepts the one canonical spelling.
enum Base64Text {
  /// The standard alphabet, as PHC strings carry it.
  static func encode(_ bytes: [UInt8]) -> String {
    var text = Data(bytes).base64EncodedString()
    while text.last == "=" { text.removeLast() }
    return text
  }

  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    guard let decoded = Data(base64Encoded: text + padding) else { return nil }
    let bytes = Array(decoded)
    return encode(bytes) == text ? bytes : nil
  }

  static func encodeURLSafe(_ bytes: [UInt8]) -> String {
    String(encode(bytes).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
  }

  static func decodeURLSafe(_ text: some StringProtocol) -> [UInt8]? {
    guard let bytes = decode(String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })) else { return nil }
    return encodeURLSafe(bytes) == text ? bytes : nil
  }
}
