internal import Platform

/// The protected header of a proof, whose key is taken from it (RFC 9449 §4.2).
///
/// Other parameters are not looked at, but for those that change what is signed.
struct ProofHeader {
  static let type = "dpop+jwt"
  static let algorithms: [SignatureAlgorithm] = [.es256, .edDSA, .rs256, .ps256]

  let algorithm: SignatureAlgorithm
  let key: ProofKey

  init(_ bytes: [UInt8]) throws(DPoPError) {
    guard let object = try? JSONReader.object(bytes) else { throw .header }
    guard object["typ"].isText(Self.type) else { throw .type }
    let named = Self.algorithms.first { object["alg"].isText($0.rawValue) }
    guard let named else { throw .algorithm }
    for parameter in ForeignHeader.refused where object.has(parameter) { throw .extended }
    algorithm = named
    key = try ProofKey(object["jwk"], for: named)
  }
}

/// The claims of a proof whose signature was good.
///
/// Those that are not named here are not looked at.
struct ProofClaims {
  /// The lengths of a `jti`.
  static let identifierBytes = 1...256

  private let object: JSONObject

  init(_ payload: [UInt8]) throws(DPoPError) {
    guard let object = try? JSONReader.object(payload) else { throw .claims }
    self.object = object
  }

  func identifier() throws(DPoPError) -> String {
    guard case .string(let identifier) = object["jti"] else { throw .identifierMissing }
    guard Self.identifierBytes.contains(identifier.utf8.count) else { throw .identifierLength }
    return identifier
  }

  /// Compares method and URI with those of the request; the letter case of a method counts (RFC 9110 §9.1).
  func check(_ request: DPoPRequest) throws(DPoPError) {
    guard case .string(let method) = object["htm"] else { throw .methodMissing }
    guard method.hasSameBytes(as: request.method) else { throw .otherMethod }
    guard case .string(let uri) = object["htu"] else { throw .targetMissing }
    guard try DPoPTarget(uri) == request.target else { throw .otherTarget }
  }

  /// Seconds since the epoch, up to the end of the year 9999.
  func issuedAt() throws(DPoPError) -> Int64 {
    guard case .integer(let seconds) = object["iat"], ClaimTime.seconds.contains(seconds) else {
      throw .issuedAtMissing
    }
    return seconds
  }

  /// Compares `ath` with SHA-256 of the token.
  func checkDigest(of token: String) throws(DPoPError) {
    guard case .string(let digest) = object["ath"] else { throw .tokenDigestMissing }
    guard digest.hasSameBytes(as: Digest(of: Array(token.utf8)).text) else { throw .otherToken }
  }

  func nonce() throws(DPoPError) -> String? {
    switch object["nonce"] {
    case nil: return nil
    case .string(let nonce): return nonce
    default: throw .nonceMalformed
    }
  }
}
