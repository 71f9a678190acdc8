/// The file of one purpose's signing keys: a JWK Set (RFC 7517 §5) whose keys have one more member, `state`.
enum KeyFile {
  static let secretBytes = 32
  static let keysMax = 16

  /// A set of one new random key, as the bytes of a file.
  static func newKeySet() -> [UInt8] {
    let secret = OpenSSLRandom.secret(bytes: secretBytes)
    let id = SigningKey.fingerprint(of: secret)
    let key = "{\"kty\":\"oct\",\"kid\":\"\(id)\",\"use\":\"sig\",\"alg\":\"HS256\",\"state\":\"current\",\"k\":\""
    return Array("{\"keys\":[\(key)\(Base64URL.text(secret.span))\"}]}\n".utf8)
  }

  static func decode(_ bytes: [UInt8], path: String) throws(KeyFailure) -> [SigningKey] {
    let object: JSONObject
    do {
      object = try JSONReader.object(bytes)
    } catch {
      throw KeyFailure(.malformed, path: path, "\(error); restore the file from a copy")
    }
    guard case .array(let values) = object["keys"], !values.isEmpty, values.count <= keysMax else {
      throw KeyFailure(.malformed, path: path, "has no array \"keys\" of 1 to \(keysMax); restore it from a copy")
    }
    var keys: [SigningKey] = []
    for (index, value) in values.enumerated() {
      do {
        keys.append(try key(value))
      } catch {
        throw KeyFailure(error.kind, path: path, "key \(index): \(error.message)")
      }
    }
    return keys
  }

  private static func key(_ value: JSONValue) throws(KeyFailure) -> SigningKey {
    guard case .object(let key) = value else { throw KeyFailure(.malformed, "is not an object") }
    guard case .string("oct") = key["kty"] else { throw KeyFailure(.malformed, "\"kty\" must be \"oct\"") }
    guard case .string(SignatureAlgorithm.hs256.rawValue) = key["alg"] else {
      throw KeyFailure(.malformed, "\"alg\" must be \"HS256\"")
    }
    guard case .string(let id) = key["kid"], (1...64).contains(id.utf8.count) else {
      throw KeyFailure(.malformed, "\"kid\" must be a string of 1 to 64 bytes")
    }
    guard case .string(let name) = key["state"], let state = SigningKey.State(rawValue: name) else {
      throw KeyFailure(.malformed, "\"state\" must be \"next\", \"current\" or \"retiring\"")
    }
    guard case .string(let text) = key["k"], let secret = Base64URL.decode(text) else {
      throw KeyFailure(.malformed, "\"k\" must be the key in base64url without padding")
    }
    return try SigningKey(secret: secret, state: state, id: id)
  }
}
