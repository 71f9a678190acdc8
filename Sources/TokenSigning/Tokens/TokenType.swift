/// The `typ` of our own tokens.
///
/// A token of one type is never accepted as one of another.
///
/// Access tokens have keys of their own. Refresh and one-time tokens share keys that are never published; their signed
/// header tells them apart.
package enum TokenType: String, Sendable, CaseIterable {
  /// An access token (RFC 9068).
  case access = "at+jwt"
  case refresh = "rt+jwt"
  /// A token that is consumed once, for the purpose that its `purpose` claim names.
  case oneTime = "ot+jwt"

  /// Returns the first segment of every token of this type that this key signs, in base64url and without its dot.
  ///
  /// These bytes select the key: a token with any other first segment is not ours.
  func encodedHeader(for key: SigningKey) -> [UInt8] {
    encodedHeader(key.algorithm, keyID: key.id)
  }

  /// Returns the first segment of every token of this type that a key of this id signs with the algorithm.
  func encodedHeader(_ algorithm: SignatureAlgorithm, keyID: String) -> [UInt8] {
    let room = 64 + ByteWriter.jsonStringBytesMax(keyID)
    return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { scratch in
      var writer = unsafe ByteWriter(scratch)
      writer.append("{\"alg\":\"")
      writer.append(Array(algorithm.rawValue.utf8))
      writer.append("\",\"typ\":\"")
      writer.append(Array(rawValue.utf8))
      writer.append("\",\"kid\":")
      writer.append(jsonString: keyID)
      writer.append(UInt8(ascii: "}"))
      return unsafe Base64URL.encode(writer.written.span)
    }
  }
}

/// The current key of one type of tokens, with the first segment of every token that it signs.
final class SigningHeader: Sendable {
  /// The header in base64url, with its dot.
  let encoded: [UInt8]
  let material: SigningKey.Material

  init(_ type: TokenType, key: SigningKey) {
    encoded = type.encodedHeader(for: key) + [UInt8(ascii: ".")]
    material = key.material
  }

  /// The length of each signature in bytes.
  var signatureBytes: Int {
    switch material {
    case .secret: HMACKey.codeBytes
    case .pair(let key): key.signatureBytes
    }
  }
}
