public import RotationModel
internal import TokenSigning

/// A verifier of the access tokens of a token server in another process (RFC 9068 §4).
///
///     let keys = RemoteKeySet { try await fetchBytes("https://login.example/.well-known/jwks.json") }
///     let verifier = AccessTokenVerifier(keys: keys, issuer: "https://login.example")
///     let caller = try await verifier.verify(authorization: request.headers["authorization"])
///
/// It checks what the engine checks, by the same rules: the bytes of the header, which name algorithm, type and key;
/// the signature, before any claim is read; issuer, audience, form of the claims, and time by this machine's wall
/// clock, without leeway; and, with a ``RevocationFollower``, that neither the token nor its session was revoked. It
/// accepts tokens of refresh-ledger alone.
///
/// It is pure computation on the calling task, except when a token names a key that is not known: then it waits for the
/// keys, at the bounded rate of ``RemoteKeySet``. It can be used from any number of tasks.
public struct AccessTokenVerifier: BearerVerifier {
  private let keys: any VerificationKeySource
  private let rules: AccessClaimRules
  private let revocations: RevocationFollower?
  private let clock: SessionClock
  private let proofs: ProofVerification

  /// - Parameters:
  ///   - keys: The issuer's public keys.
  ///   - issuer: The `iss` that tokens must name, byte by byte.
  ///   - audience: The `aud` that tokens must name; nil for the issuer, as the server does without `tokens.audience`.
  ///   - revocations: The follower of the server's revocations, which must be running; without one a revoked token is
  ///     accepted until it ends.
  ///   - proofWindow: The time for which a proof of a key is accepted after it was made (RFC 9449 §11.1), in whole
  ///     seconds, from 1 s to 1 h; other times are cut to that. This process accepts a proof once.
  ///   - clock: The clock by whose wall time tokens end.
  public init(
    keys: any VerificationKeySource, issuer: String, audience: String? = nil, revocations: RevocationFollower? = nil,
    proofWindow: Duration = .seconds(60), clock: SessionClock = .system
  ) {
    self.keys = keys
    self.revocations = revocations
    self.clock = clock
    rules = AccessClaimRules(issuer: issuer, audience: audience ?? issuer)
    let window = min(max(proofWindow, Limits.proofWindow.range.lowerBound), Limits.proofWindow.range.upperBound)
    proofs = ProofVerification(windowSeconds: window.components.seconds)
  }

  /// Verifies an access token, with the proof that came along if it is bound to a key (RFC 9449 §7.1).
  ///
  /// - Throws: ``BadToken``; ``BadToken/unverifiable`` if the token's key or the revocations cannot be had now, and
  ///   ``BadToken/unproven`` for a bound token without a good proof.
  public func verify(_ accessToken: String, proof: PresentedProof? = nil) async throws(BadToken) -> AccessToken {
    do { return try await verify(PresentedToken(accessToken, proof: proof)) } catch { throw error.asBadToken }
  }

  private func verify(_ token: PresentedToken) async throws(AuthorizationError) -> AccessToken {
    let (claims, access): (AccessClaims, AccessToken)
    let now: Timestamp
    do throws(BadToken) {
      claims = try await self.claims(of: token.text)
      // Not before: reading keys can take longer than the token lives.
      now = clock.now()
      guard now.milliseconds < claims.shownEndMilliseconds else { throw .expired }
      try revocations?.check(claims)
      access = try AccessToken(claims)
    } catch {
      throw .badToken(error)
    }
    try token.checkKey(of: claims) { presented, thumbprint throws(AuthorizationError) in
      let proof: KeyProof
      do throws(BadProof) {
        proof = try proofs.verify(presented, accessToken: token.text, at: now, shiftSeconds: 0).proof
      } catch {
        throw .badProof(error)
      }
      try proofs.count(proof, boundTo: thumbprint, at: now)
    }
    return access
  }

  /// Returns the claims of a token that one of the issuer's keys has signed.
  private func claims(of accessToken: String) async throws(BadToken) -> AccessClaims {
    guard let known = keys.current else { return try await verifyAnew(accessToken, after: nil) }
    switch Result(catching: { () throws(TokenVerificationError) in try known.keys.claims(of: accessToken, by: rules) })
    {
    case .success(let verified): return verified
    case .failure(let refusal) where refusal.mayBeForNewKey: return try await verifyAnew(accessToken, after: known)
    case .failure(let refusal): throw refusal.asBadToken
    }
  }

  private func verifyAnew(_ token: String, after known: KeySet?) async throws(BadToken) -> AccessClaims {
    let newer: KeySet
    do { newer = try await keys.keys(newerThan: known) } catch { throw .unverifiable }
    do { return try newer.keys.claims(of: token, by: rules) } catch { throw error.asBadToken }
  }

  /// Verifies the access token of an `Authorization` header, which is `Bearer` or `DPoP` and one token (RFC 6750 §2.1);
  /// nil stands for an absent header.
  public func verify(
    authorization header: String?, proof: PresentedProof? = nil
  ) async throws(AuthorizationError) -> AccessToken {
    try await verify(PresentedToken(authorization: header, proof: proof))
  }

  /// Verifies the access token in all values of the header.
  ///
  /// Several values are refused as malformed.
  public func verify(
    authorization headers: some Sequence<String>, proof: PresentedProof? = nil
  ) async throws(AuthorizationError) -> AccessToken {
    try await verify(authorization: try AuthorizationError.onlyValue(of: headers), proof: proof)
  }

  public func verify(_ bearer: PresentedBearer) async throws(AuthorizationError) -> AccessToken {
    try await verify(authorization: bearer.authorization, proof: bearer.proof)
  }
}
