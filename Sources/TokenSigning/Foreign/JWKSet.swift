internal import Platform

/// The keys of one file that verify tokens from other issuers.
package struct JWKSet: Sendable {
  package static let bytesMax = 256 * 1024
  package static let keysMax = 64

  package let keys: [VerificationKey]
  /// The keys of the set that were ignored, as RFC 7517 §5 asks, each as one line with the reason.
  package private(set) var ignored: [String] = []

  /// Reads a JWK Set (RFC 7517 §5) or a single JWK.
  ///
  /// - Throws: `KeyError` if the set has no usable key; the error gives the reasons.
  package init(json: [UInt8]) throws(KeyError) {
    guard json.count <= Self.bytesMax else {
      throw KeyError(.malformed, "is larger than \(Self.bytesMax / 1024) KiB; give a file of keys only")
    }
    let object: JSONObject
    do {
      object = try JSONReader.object(json)
    } catch {
      throw KeyError(.malformed, "\(error); give a JWK Set such as an issuer's jwks.json")
    }
    let values = try Self.values(of: object)
    var keys: [VerificationKey] = []
    var seen: Set<[String]> = []
    for (index, value) in values.enumerated() {
      let key: VerificationKey
      do throws(KeyError) {
        key = try JWK.verificationKey(value)
      } catch {
        ignored.append("key \(index): \(error.message)")
        continue
      }
      if let id = key.id, !seen.insert([id] + key.algorithms.map(\.rawValue)).inserted {
        throw KeyError(.malformed, "key \(index) has the kid and algorithm of an earlier key; give it its own kid")
      }
      keys.append(key)
    }
    guard !keys.isEmpty else {
      throw KeyError(.malformed, "no usable key (\(ignored.first ?? "the set is empty")); give the issuer's JWK Set")
    }
    self.keys = keys
  }

  private init(keys: [VerificationKey]) {
    self.keys = keys
  }

  /// Returns a shared secret from a JWK or JWK Set of type "oct", or else from the raw bytes without a final newline.
  package static func secret(_ bytes: [UInt8]) throws(KeyError) -> JWKSet {
    if let object = try? JSONReader.object(bytes), object.has("kty") || object.has("keys") {
      let set = try JWKSet(json: bytes)
      guard set.keys.allSatisfy({ $0.algorithms == [.hs256] }) else {
        throw KeyError(.malformed, "holds public keys, not a secret; give it with --jwks")
      }
      return set
    }
    // Everybody knows a public key: as an HMAC secret it would accept anybody's tokens.
    guard !bytes.starts(with: Array("-----BEGIN".utf8)) else {
      throw KeyError(.weak, "is a PEM file, not a shared secret; give public keys as a JWK Set with --jwks")
    }
    var secret = bytes[...]
    if secret.last == UInt8(ascii: "\n") {
      secret.removeLast()
      if secret.last == UInt8(ascii: "\r") { secret.removeLast() }
    }
    return JWKSet(keys: [try VerificationKey(secret: Array(secret), id: nil)])
  }

  /// Reads a file as `init(json:)` does.
  package static func open(path: String) throws(KeyError) -> JWKSet {
    let bytes = try OpenFile.keys(at: path, bytesMax: bytesMax)
    do { return try JWKSet(json: bytes) } catch { throw error.at(path) }
  }

  /// Reads a file as `secret(_:)` does.
  package static func openSecret(path: String) throws(KeyError) -> JWKSet {
    let bytes = try OpenFile.keys(at: path, bytesMax: bytesMax)
    do { return try secret(bytes) } catch { throw error.at(path) }
  }

  private static func values(of object: JSONObject) throws(KeyError) -> [JSONValue] {
    if object.has("kty") && !object.has("keys") { return [.object(object)] }
    guard case .array(let values) = object["keys"] else {
      throw KeyError(.malformed, "has no array \"keys\"; give a JWK Set such as an issuer's jwks.json")
    }
    guard values.count <= keysMax else {
      throw KeyError(.malformed, "has more than \(keysMax) keys; keep those that are in use")
    }
    return values
  }
}

/// A reader of one JSON Web Key (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
enum JWK {
  /// Returns the key, ignoring private members.
  ///
  /// - Throws: `KeyError` with the reason that the value is not a key for verifying signatures.
  static func verificationKey(_ value: JSONValue) throws(KeyError) -> VerificationKey {
    guard case .object(let object) = value else { throw KeyError(.malformed, "is not an object") }
    guard let type = try object.keyText("kty") else { throw KeyError(.malformed, "has no \"kty\"") }
    try checkPurpose(object)
    let id = try object.keyText("kid")
    switch type {
    case "oct":
      _ = try algorithms(object, of: type, possible: [.hs256])
      return try VerificationKey(secret: try object.keyBytes("k"), id: id)
    case "EC":
      let algorithms = try algorithms(object, of: type, possible: [.es256])
      guard try object.keyText("crv") == "P-256" else {
        throw KeyError(.malformed, "is on a curve other than P-256")
      }
      let key = PublicKey.p256(x: try object.keyBytes("x"), y: try object.keyBytes("y"))
      return VerificationKey(try good(key, "is not a point of P-256"), algorithms: algorithms, id: id)
    case "OKP":
      let algorithms = try algorithms(object, of: type, possible: [.edDSA])
      guard try object.keyText("crv") == "Ed25519" else {
        throw KeyError(.malformed, "is on a curve other than Ed25519")
      }
      let key = PublicKey.ed25519(try object.keyBytes("x"))
      return VerificationKey(try good(key, "is not an Ed25519 key of 32 bytes"), algorithms: algorithms, id: id)
    case "RSA":
      let algorithms = try algorithms(object, of: type, possible: [.rs256, .ps256])
      let key = PublicKey.rsa(modulus: try object.keyBytes("n"), exponent: try object.keyBytes("e"))
      return VerificationKey(try good(key, "is not an RSA key of 2048 to 8192 bits"), algorithms: algorithms, id: id)
    default: throw KeyError(.malformed, "is of an unknown type")
    }
  }

  /// Checks `use` and `key_ops`, which can say that a key is not for verifying signatures (RFC 7517 §4.2, §4.3).
  private static func checkPurpose(_ object: JSONObject) throws(KeyError) {
    if let use = try object.keyText("use"), use != "sig" { throw KeyError(.malformed, "is not for signatures") }
    guard let operations = object["key_ops"] else { return }
    guard case .array(let values) = operations else { throw KeyError(.malformed, "\"key_ops\" is not an array") }
    let verifies = values.contains { if case .string("verify") = $0 { true } else { false } }
    guard verifies else { throw KeyError(.malformed, "is not for verifying") }
  }

  private static func algorithms(
    _ object: JSONObject, of type: String, possible: [SignatureAlgorithm]
  ) throws(KeyError) -> [SignatureAlgorithm] {
    guard let name = try object.keyText("alg") else { return possible }
    guard let algorithm = SignatureAlgorithm(rawValue: name), possible.contains(algorithm) else {
      throw KeyError(.malformed, "is for an algorithm that is not supported with its type")
    }
    return [algorithm]
  }

  private static func good(_ key: PublicKey?, _ otherwise: String) throws(KeyError) -> PublicKey {
    guard let key else { throw KeyError(.malformed, otherwise) }
    return key
  }
}
