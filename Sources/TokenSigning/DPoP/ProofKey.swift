internal import Platform

/// The thumbprint of a public key: SHA-256 over its required members (RFC 7638 §3), as `cnf.jkt` names a key.
package struct KeyThumbprint: Sendable, Hashable {
  /// 32 of them.
  package let bytes: [UInt8]

  /// 43 letters of base64url.
  package var text: String { Base64URL.text(bytes.span) }

  init(_ kind: KeyKind, publicValues: [[UInt8]]) {
    bytes = Digest(of: JWKText.thumbprintInput(kind, publicValues: publicValues)).bytes
  }

  /// A thumbprint that was written down; nil unless there are exactly 32 bytes.
  package init?(bytes: [UInt8]) {
    guard bytes.count == Digest.byteCount else { return nil }
    self.bytes = bytes
  }

  /// The thumbprint of a `cnf.jkt`; nil for what is not the base64url of 32 bytes.
  package init?(text: String) {
    guard text.utf8.count == Base64URL.encodedCount(Digest.byteCount), let bytes = Base64URL.decode(text) else {
      return nil
    }
    self.init(bytes: bytes)
  }
}

/// The public key that a proof brings along (RFC 9449 §4.2).
///
/// Nothing is known of it but that it fits the algorithm.
struct ProofKey {
  /// The members of secrets and of private keys (RFC 7518 §6.2.2, §6.3.2 and §6.4.1, RFC 8037 §2).
  private static let secretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

  let publicKey: PublicKey
  let thumbprint: KeyThumbprint

  /// Reads the `jwk` of a header that names this algorithm.
  init(_ jwk: JSONValue?, for algorithm: SignatureAlgorithm) throws(DPoPError) {
    guard let kind = KeyKind(algorithm) else { throw .algorithm }
    guard case .object(let object) = jwk else { throw .keyMissing }
    for name in Self.secretMembers where object.has(name) { throw .keyPrivate }
    guard object["kty"].isText(kind.type) else { throw .keyType }
    if let curve = kind.curve {
      guard object["crv"].isText(curve) else { throw .keyCurve }
    }
    try Self.checkPurpose(object, algorithm)
    var values: [[UInt8]] = []
    for name in kind.publicMembers {
      guard case .string(let text) = object[name], let bytes = Base64URL.decode(text) else { throw .keyNumbers }
      values.append(bytes)
    }
    publicKey = try Self.publicKey(kind, values)
    thumbprint = KeyThumbprint(kind, publicValues: values)
  }

  private static func publicKey(_ kind: KeyKind, _ values: [[UInt8]]) throws(DPoPError) -> PublicKey {
    let key: PublicKey?
    switch kind {
    case .p256: key = .p256(x: values[0], y: values[1])
    case .ed25519: key = .ed25519(values[0])
    case .rsa:
      guard let top = values[0].first, top != 0 else { throw .keyNumbers }
      guard PublicKey.rsaModulusBits.contains(PublicKey.bits(of: values[0])) else { throw .keySize }
      key = .rsa(modulus: values[0], exponent: values[1], isTrusted: false)
    }
    guard let key else { throw .keyNumbers }
    return key
  }

  /// A key may say what it is for (RFC 7517 §4.2 to §4.4).
  private static func checkPurpose(_ object: JSONObject, _ algorithm: SignatureAlgorithm) throws(DPoPError) {
    if object.has("use"), !object["use"].isText("sig") { throw .keyPurpose }
    if object.has("alg"), !object["alg"].isText(algorithm.rawValue) { throw .keyPurpose }
    guard let operations = object["key_ops"] else { return }
    guard case .array(let values) = operations, values.contains(where: { Optional($0).isText("verify") }) else {
      throw .keyPurpose
    }
  }
}

extension JSONValue? {
  /// Compares bytes: as Swift texts, a Kelvin sign and a K are equal.
  func isText(_ text: String) -> Bool {
    if case .string(let own) = self { own.hasSameBytes(as: text) } else { false }
  }
}
