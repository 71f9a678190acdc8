/// A key of a client, and the proofs that it makes: for tests, of embedders too.
///
/// The signer also signs what no client should send.
package struct DPoPSigner: Sendable {
  private let key: PrivateKey
  /// The public half: an object of the required members alone.
  package let publicJWK: String
  package let thumbprint: KeyThumbprint

  package var algorithm: SignatureAlgorithm { key.algorithm }

  /// Makes a new key.
  ///
  /// The cost is 0.1 ms, for RSA some 100 ms.
  ///
  /// - Parameter algorithm: Any but HS256, which has no pair of keys.
  package init(_ algorithm: SignatureAlgorithm = .es256) {
    guard let kind = KeyKind(algorithm), let made = try? DPoPSigner(KeyNumbers.generate(kind), algorithm: algorithm)
    else { preconditionFailure("no key of \(algorithm.rawValue) makes a proof") }
    self = made
  }

  init(_ numbers: KeyNumbers, algorithm: SignatureAlgorithm) throws(KeyError) {
    key = try PrivateKey(numbers, algorithm: algorithm)
    publicJWK = String(decoding: JWKText.thumbprintInput(numbers), as: UTF8.self)
    thumbprint = KeyThumbprint(numbers.kind, publicValues: numbers.values)
  }

  /// The header of a right proof.
  package var header: String {
    "{\"typ\":\"\(ProofHeader.type)\",\"alg\":\"\(algorithm.rawValue)\",\"jwk\":\(publicJWK)}"
  }

  /// Returns a right proof for one request.
  ///
  /// - Parameters:
  ///   - method: The method of the request, for `htm`.
  ///   - uri: The URI of the request, for `htu`.
  ///   - identifier: The `jti`, another for each proof.
  ///   - issuedAt: The `iat`, in seconds since the epoch.
  ///   - accessToken: The token that is presented along with the proof, for `ath`; nil for none.
  ///   - nonce: The nonce that the server has asked for; nil for none.
  /// - Returns: The value of the header field `DPoP`.
  package func proof(
    method: String, uri: String, identifier: String, issuedAt: Int64, accessToken: String? = nil, nonce: String? = nil
  ) -> String {
    var claims = "{\"jti\":\(ByteWriter.jsonText(identifier)),\"htm\":\(ByteWriter.jsonText(method))"
    claims += ",\"htu\":\(ByteWriter.jsonText(uri)),\"iat\":\(issuedAt)"
    if let accessToken { claims += ",\"ath\":\"\(Digest(of: Array(accessToken.utf8)).text)\"" }
    if let nonce { claims += ",\"nonce\":\(ByteWriter.jsonText(nonce))" }
    return signed(header: header, claims: claims + "}")
  }

  /// Returns a JWS of this header and these claims, whatever they are, signed by the key.
  package func signed(header: String, claims: String) -> String {
    signed(header: Array(header.utf8), claims: Array(claims.utf8))
  }

  package func signed(header: [UInt8], claims: [UInt8]) -> String {
    let text = "\(Base64URL.text(header.span)).\(Base64URL.text(claims.span))"
    let signature = key.signature(of: text.utf8.span)
    return "\(text).\(Base64URL.text(signature.span))"
  }
}
