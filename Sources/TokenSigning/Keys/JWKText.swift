/// A writer of JSON Web Keys (RFC 7517 §4).
enum JWKText {
  /// Returns the public half as it is published, as a whole object.
  static func publicKey(_ numbers: KeyNumbers, id: String, algorithm: SignatureAlgorithm) -> [UInt8] {
    Array("{\(members(numbers, numbers.kind.publicMembers, id: id, algorithm: algorithm))}".utf8)
  }

  /// Returns both halves as members without the braces around them.
  static func privateMembers(_ numbers: KeyNumbers, id: String, algorithm: SignatureAlgorithm) -> [UInt8] {
    Array(members(numbers, numbers.kind.members, id: id, algorithm: algorithm).utf8)
  }

  /// Returns a secret as members without the braces around them.
  static func secretMembers(_ secret: [UInt8], id: String) -> [UInt8] {
    let head = self.head(type: "oct", id: id, algorithm: .hs256)
    return Array("\(head),\"k\":\"\(Base64URL.text(secret.span))\"".utf8)
  }

  /// Returns the text that is hashed for the thumbprint of a public key (RFC 7638 §3).
  static func thumbprintInput(_ numbers: KeyNumbers) -> [UInt8] {
    thumbprintInput(numbers.kind, publicValues: numbers.values)
  }

  /// Returns the text that is hashed for the thumbprint of a public key, from the numbers of `kind.publicMembers`.
  ///
  /// Numbers that follow those are not looked at.
  static func thumbprintInput(_ kind: KeyKind, publicValues: [[UInt8]]) -> [UInt8] {
    var required = [("kty", kind.type)]
    if let curve = kind.curve { required.append(("crv", curve)) }
    for (name, value) in zip(kind.publicMembers, publicValues) {
      required.append((name, Base64URL.text(value.span)))
    }
    required.sort { $0.0 < $1.0 }
    return Array("{\(required.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ","))}".utf8)
  }

  private static func members(
    _ numbers: KeyNumbers, _ names: [String], id: String, algorithm: SignatureAlgorithm
  ) -> String {
    var text = head(type: numbers.kind.type, id: id, algorithm: algorithm)
    if let curve = numbers.kind.curve { text += ",\"crv\":\"\(curve)\"" }
    for (name, value) in zip(numbers.kind.members, numbers.values) where names.contains(name) {
      text += ",\"\(name)\":\"\(Base64URL.text(value.span))\""
    }
    return text
  }

  private static func head(type: String, id: String, algorithm: SignatureAlgorithm) -> String {
    let kid = ByteWriter.jsonText(id)
    return "\"kty\":\"\(type)\",\"kid\":\(kid),\"use\":\"sig\",\"alg\":\"\(algorithm.rawValue)\""
  }
}

/// The members of a JSON Web Key, read by their types.
extension JSONObject {
  /// Returns the text of a member, or nil if it is absent.
  ///
  /// A value of another type is refused.
  func keyText(_ name: String) throws(KeyError) -> String? {
    switch self[name] {
    case nil: return nil
    case .string(let text): return text
    default: throw KeyError(.malformed, "\"\(name)\" is not a string")
    }
  }

  func keyBytes(_ name: String) throws(KeyError) -> [UInt8] {
    guard let text = try keyText(name), let bytes = Base64URL.decode(text) else {
      throw KeyError(.malformed, "\"\(name)\" is not base64url without padding")
    }
    return bytes
  }
}
