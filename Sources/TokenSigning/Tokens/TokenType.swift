/// The `typ` of our own tokens. A token of one type is never taken for one of another.
///
/// Access tokens have keys of their own; refresh and one-time tokens share those that are never published, told apart
/// by their signed header.
package enum TokenType: String, Sendable, CaseIterable {
  /// RFC 9068.
  case access = "at+jwt"
  case refresh = "rt+jwt"
  /// A token that is consumed once, for whatever its `purpose` says.
  case oneTime = "ot+jwt"

  /// The first segment of every token of this type under this key, in base64url and without its dot.
  ///
  /// These bytes choose the key: a token whose first segment is none of them is not ours.
  func encodedHeader(for key: SigningKey) -> [UInt8] {
    let room = 64 + ByteWriter.jsonStringBytesMax(key.id)
    return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { scratch in
      var writer = unsafe ByteWriter(scratch)
      writer.append("{\"alg\":\"")
      writer.append(Array(key.algorithm.rawValue.utf8))
      writer.append("\",\"typ\":\"")
      writer.append(Array(rawValue.utf8))
      writer.append("\",\"kid\":")
      writer.append(jsonString: key.id)
      writer.append(UInt8(ascii: "}"))
      return unsafe Base64URL.encode(writer.written.span)
    }
  }
}

/// The current key of one type of tokens, and the first segment of every token that it signs.
final class SigningHeader: Sendable {
  /// The header in base64url, with its dot.
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
