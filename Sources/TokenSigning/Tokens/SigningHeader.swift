/// The current key of one type of tokens, and the first segment of every token that it signs.
final class SigningHeader: Sendable {
  /// In base64url, with its dot.
  let encoded: [UInt8]
  let material: SigningKey.Material

  init(_ type: TokenType, key: SigningKey) {
    encoded = type.encodedHeader(for: key) + [UInt8(ascii: ".")]
    material = key.material
  }

  /// The length of each signature.
  var signatureBytes: Int {
    switch material {
    case .secret: HMACKey.codeBytes
    case .pair(let key): key.signatureBytes
    }
  }
}
