@testable import TokenSigning

// `#expect` cannot take a span apart, so the tests speak of arrays.

extension Base64URL {
  static func text(of bytes: [UInt8]) -> String { text(bytes.span) }
  static func decode(bytes: [UInt8]) -> [UInt8]? { decode(bytes.span) }
}

extension HMACKey {
  convenience init?(_ secret: [UInt8]) { self.init(secret: secret.span) }

  func code(of message: String) -> [UInt8] {
    let code = code(for: Array(message.utf8).span)
    return code.indices.map { code[$0] }
  }

  func isValid(_ code: [UInt8], of message: String) -> Bool {
    isValid(code.span, for: Array(message.utf8).span)
  }
}
