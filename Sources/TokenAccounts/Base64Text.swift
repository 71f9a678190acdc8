import FoundationEssentials

/// Base64 in the standard alphabet without padding, as PHC strings carry it. Decoding accepts the one canonical spelling.
enum Base64Text {
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
}
