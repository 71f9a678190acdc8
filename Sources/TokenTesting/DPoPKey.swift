public import TokenSigning

/// A key of a client that makes DPoP proofs (RFC 9449), for tests of what is bound to a key.
///
///     let key = DPoPKey()
///     let proof = key.proof(method: "POST", uri: "https://tokens.example/token", identifier: "1", issuedAt: now)
///
/// Time and identifiers are arguments, so a test can make the same proof twice, one that is too old, or one for another
/// request.
public struct DPoPKey: Sendable {
  private let signer: DPoPSigner

  /// Makes a new key, which takes 0.1 ms, or some 100 ms for RSA.
  ///
  /// - Parameter algorithm: Any but HS256, which has no pair of keys.
  public init(_ algorithm: SignatureAlgorithm = .es256) {
    signer = DPoPSigner(algorithm)
  }

  public var algorithm: SignatureAlgorithm { signer.algorithm }

  /// The thumbprint of the public half (RFC 7638) as `cnf.jkt` has it: 43 letters of base64url.
  public var thumbprint: String { signer.thumbprint.text }

  /// The public half as a JSON Web Key: an object of the required members alone.
  public var publicJWK: String { signer.publicJWK }

  /// Returns a right proof for one request.
  ///
  /// - Parameters:
  ///   - method: The `htm`, the method of the request.
  ///   - uri: The `htu`, the URI of the request.
  ///   - identifier: The `jti`, another for each proof.
  ///   - issuedAt: The `iat`, in seconds since the epoch.
  ///   - accessToken: The token that is presented along with the proof, whose digest is the `ath`, or nil for none.
  ///   - nonce: The nonce that the server gave out, or nil for none.
  /// - Returns: The value of the header field `DPoP`.
  public func proof(
    method: String, uri: String, identifier: String, issuedAt: Int64, accessToken: String? = nil, nonce: String? = nil
  ) -> String {
    signer.proof(
      method: method, uri: uri, identifier: identifier, issuedAt: issuedAt, accessToken: accessToken, nonce: nonce)
  }

  /// Returns a JWS of any header and any claims, each JSON, signed by this key: for proofs that must be refused.
  public func signed(header: String, claims: String) -> String {
    signer.signed(header: header, claims: claims)
  }

  /// The header of a right proof, as a start for other ones.
  public var header: String { signer.header }
}
