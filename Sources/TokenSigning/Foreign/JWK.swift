/// Reads one JSON Web Key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
enum JWK {
  /// The key, or a failure that says why it is none that verifies a signature here. Private members are not looked at.
  static func verificationKey(_ value: JSONValue) throws(KeyFailure) -> VerificationKey {
    guard case .object(let object) = value else { throw KeyFailure(.malformed, "is not an object") }
    guard let type = try object.keyText("kty") else { throw KeyFailure(.malformed, "has no \"kty\"") }
    try checkPurpose(object)
    let id = try object.keyText("kid")
    switch type {
    case "oct":
      _ = try algorithms(object, of: type, possible: [.hs256])
      return try VerificationKey(secret: try object.keyBytes("k"), id: id)
    case "EC":
      let algorithms = try algorithms(object, of: type, possible: [.es256])
      guard try object.keyText("crv") == "P-256" else {
        throw KeyFailure(.malformed, "is on a curve other than P-256")
      }
      let key = PublicKey.p256(x: try object.keyBytes("x"), y: try object.keyBytes("y"))
      return VerificationKey(try good(key, "is not a point of P-256"), algorithms: algorithms, id: id)
    case "OKP":
      let algorithms = try algorithms(object, of: type, possible: [.edDSA])
      guard try object.keyText("crv") == "Ed25519" else {
        throw KeyFailure(.malformed, "is on a curve other than Ed25519")
      }
      let key = PublicKey.ed25519(try object.keyBytes("x"))
      return VerificationKey(try good(key, "is not an Ed25519 key of 32 bytes"), algorithms: algorithms, id: id)
    case "RSA":
      let algorithms = try algorithms(object, of: type, possible: [.rs256, .ps256])
      let key = PublicKey.rsa(modulus: try object.keyBytes("n"), exponent: try object.keyBytes("e"))
      return VerificationKey(try good(key, "is not an RSA key of 2048 to 8192 bits"), algorithms: algorithms, id: id)
    default: throw KeyFailure(.malformed, "is of an unknown type")
    }
  }

  /// `use` and `key_ops` may say that a key is not for verifying signatures (RFC 7517 §4.2, §4.3).
  private static func checkPurpose(_ object: JSONObject) throws(KeyFailure) {
    if let use = try object.keyText("use"), use != "sig" { throw KeyFailure(.malformed, "is not for signatures") }
    guard let operations = object["key_ops"] else { return }
    guard case .array(let values) = operations else { throw KeyFailure(.malformed, "\"key_ops\" is not an array") }
    let verifies = values.contains { if case .string("verify") = $0 { true } else { false } }
    guard verifies else { throw KeyFailure(.malformed, "is not for verifying") }
  }

  private static func algorithms(
    _ object: JSONObject, of type: String, possible: [SignatureAlgorithm]
  ) throws(KeyFailure) -> [SignatureAlgorithm] {
    guard let name = try object.keyText("alg") else { return possible }
    guard let algorithm = SignatureAlgorithm(rawValue: name), possible.contains(algorithm) else {
      throw KeyFailure(.malformed, "is for an algorithm that is not supported with its type")
    }
    return [algorithm]
  }

  private static func good(_ key: PublicKey?, _ otherwise: String) throws(KeyFailure) -> PublicKey {
    guard let key else { throw KeyFailure(.malformed, otherwise) }
    return key
  }
}
