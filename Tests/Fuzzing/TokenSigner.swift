@testable import TokenSigning

/// Signs whatever it is given, by the keys that the verifiers know.
enum TokenSigner {
  /// Milliseconds; the tokens made here last 900 seconds.
  static let now: Int64 = 1_700_000_000_000
  static let issuer = "https://tokens.example"
  static let audience = "https://api.example"
  static let identifier = TokenIdentifier(sessionHigh: 0x0123_4567_89AB_CDEF, sessionLow: 0xFEDC_BA98, generation: 7)

  static let header = Array("{\"alg\":\"HS256\",\"kid\":\"theirs\"}".utf8)

  private static let accessSecret = [UInt8](repeating: 1, count: 32)
  private static let refreshSecret = [UInt8](repeating: 2, count: 32)
  private static let theirSecret = [UInt8](repeating: 3, count: 32)

  static let keys = made {
    try TokenKeys(
      access: [SigningKey(secret: accessSecret, state: .current)],
      refresh: [SigningKey(secret: refreshSecret, state: .current)])
  }
  static let minter = TokenMinter(keys: keys, issuer: issuer, audience: audience)
  static let verifier = TokenVerifier(keys: keys, issuer: issuer, audience: audience)
  static let foreignVerifier = ForeignTokenVerifier(
    keys: [made { try VerificationKey(secret: theirSecret, id: "theirs") }], issuer: issuer,
    audience: audience)

  private static let accessMAC = made { HMACKey(secret: accessSecret.span) }
  private static let refreshMAC = made { HMACKey(secret: refreshSecret.span) }
  private static let theirMAC = made { HMACKey(secret: theirSecret.span) }
  private static let accessHeader = TokenType.access.encodedHeader(for: keys.access[0])
  private static let refreshHeader = TokenType.refresh.encodedHeader(for: keys.refresh[0])

  /// A token of ours with these claims, whatever they are.
  static func own(_ type: TokenType, claims: [UInt8]) -> String {
    switch type {
    case .access: signed(accessHeader, claims, by: accessMAC)
    case .refresh: signed(refreshHeader, claims, by: refreshMAC)
    case .oneTime: signed(TokenType.oneTime.encodedHeader(for: keys.refresh[0]), claims, by: refreshMAC)
    }
  }

  static func foreign(header: [UInt8], claims: [UInt8]) -> String {
    signed(Base64URL.encode(header.span), claims, by: theirMAC)
  }

  private static func signed(_ header: [UInt8], _ claims: [UInt8], by key: HMACKey) -> String {
    let text = header + [UInt8(ascii: ".")] + Base64URL.encode(claims.span)
    let code = key.code(for: text.span)
    return String(decoding: text + [UInt8(ascii: ".")] + Base64URL.encode(code.span), as: UTF8.self)
  }

  private static func made<Value>(_ make: () throws -> Value?) -> Value {
    guard let value = try? make() else { preconditionFailure("a fixed key cannot be made") }
    return value
  }
}
