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

  /// Makes a new key.
  ///
  /// Cost: 0.1 ms, for RSA some 100 ms.
  ///
  /// - Parameter algorithm: any but HS256, which has no pair of keys.
  public init(_ algorithm: SignatureAlgorithm = .es256) {
    signer = DPoPSigner(algorithm)
  }

  public var algorithm: SignatureAlgorithm { signer.algorithm }

  /// The thumbprint of the public half (RFC 7638) as `cnf.jkt` has it: 43 letters of base64url.
  public var thumbprint: String { signer.thumbprint.text }

  /// The public half as a JSON Web Key: an object of the required members alone.
  public var publicJWK: String { signer.publicJWK }

  /// A right proof for one request: the value of its header field `DPoP`.
  ///
  /// - Parameters:
  ///   - method: the `htm`.
  ///   - uri: the `htu`.
  ///   - identifier: the `jti`, another for each proof.
  ///   - issuedAt: seconds since the epoch.
  ///   - accessToken: the token that is presented along with it, whose digest is the `ath`.
  ///   - nonce: the one that the server gave out.
  public func proof(
    method: String, uri: String, identifier: String, issuedAt: Int64, accessToken: String? = nil, nonce: String? = nil
  ) -> String {
    signer.proof(
      method: method, uri: uri, identifier: identifier, issuedAt: issuedAt, accessToken: accessToken, nonce: nonce)
  }

  /// A JWS of any header and any claims, each JSON, signed by this key: for proofs that have to be refused.
  public func signed(header: String, claims: String) -> String {
    signer.signed(header: header, claims: claims)
  }

  /// The header of a right proof, as a start for other ones.
  public var header: String { signer.header }
}
