package import TokenSigning

/// An access token as it was presented: with a scheme, or without a header, and with the proof that came along.
package struct PresentedToken: Sendable {
  /// The scheme of an `Authorization` header.
  private enum Scheme: String {
    case bearer
    case dpop
  }

  package let text: String
  private let scheme: Scheme?
  private let proof: PresentedProof?

  /// Creates a token that came in no header.
  package init(_ text: String, proof: PresentedProof?) {
    (self.text, scheme, self.proof) = (text, nil, proof)
  }

  /// Reads the value of an `Authorization` header, which is `Bearer` or `DPoP` and one token (RFC 6750 §2.1, RFC 9449
  /// §7.1); nil stands for an absent one.
  ///
  /// The scheme is case-insensitive (RFC 9110 §11.1).
  package init(authorization header: String?, proof: PresentedProof?) throws(AuthorizationError) {
    guard let header else { throw .absent }
    let space = UInt8(ascii: " ")
    let end = header.utf8.firstIndex(of: space) ?? header.endIndex
    guard header[..<end].utf8.count <= 6, let scheme = Scheme(rawValue: header[..<end].lowercased()) else {
      throw .absent
    }
    let token = header[(header.utf8[end...].firstIndex { $0 != space } ?? header.endIndex)...]
    // The token is a `b64token`. One of ours has neither `=` nor a character at which a header could be cut or
    // continued.
    guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }) else {
      throw .malformed
    }
    (text, self.scheme, self.proof) = (String(token), scheme, proof)
  }

  /// Checks that the token came as what it is: bound to a key with the scheme `DPoP` and a proof of that key, or a
  /// bearer token (RFC 9449 §7.1 and §7.2).
  ///
  /// - Parameters:
  ///   - claims: The claims of the token, which were verified before.
  ///   - check: Checks the proof of a token that is bound to a key, against the key's thumbprint.
  /// - Throws: ``AuthorizationError/badToken(_:)`` if the scheme is not that of the token,
  ///   ``AuthorizationError/badProof(_:)`` if there is no proof, and what `check` throws.
  @inline(__always)
  package func checkKey(
    of claims: AccessClaims, _ check: (PresentedProof, String) throws(AuthorizationError) -> Void
  ) throws(AuthorizationError) {
    if let thumbprint = claims.keyThumbprint {
      guard scheme != .bearer else { throw .badToken(.boundToKey) }
      guard let proof else { throw .badProof(.missing) }
      try check(proof, thumbprint)
    } else if scheme == .dpop {
      throw .badToken(.notBound)
    }
  }
}
