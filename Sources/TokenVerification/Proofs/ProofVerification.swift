package import RotationModel
internal import TokenSigning

/// The verification of proofs of keys (RFC 9449 §4.3), and the counting of those that come along with access tokens.
///
/// Proofs that were counted stay in memory until their end, in this process alone.
package struct ProofVerification: Sendable {
  private let verifier: DPoPProofVerifier
  private let counted: CountedProofs

  /// - Parameter windowSeconds: The time for which a proof is accepted after it was made.
  package init(windowSeconds: Int64) {
    verifier = DPoPProofVerifier(pastSeconds: windowSeconds)
    counted = CountedProofs(windowSeconds: windowSeconds)
  }

  /// Verifies a proof for one request, without counting it: it may have been accepted before.
  ///
  /// - Parameters:
  ///   - presented: The proof, with the request that it must be for.
  ///   - accessToken: The access token that it came along with, or nil at the token endpoint.
  ///   - now: The time by which proofs are counted.
  ///   - shiftSeconds: The shift by which `now` is ahead of the wall clock, which clients go by.
  /// - Returns: The proof, whose end is by the time of `now`, and its nonce, which is not looked at; nil without one.
  /// - Throws: ``BadProof`` if the proof is not a good one, or not for this request, this access token and this time.
  package func verify(
    _ presented: PresentedProof, accessToken: String?, at now: Timestamp, shiftSeconds: Int64
  ) throws(BadProof) -> (proof: KeyProof, nonce: String?) {
    let shift = shiftSeconds * 1000
    let proof: DPoPProof
    do {
      let request = DPoPRequest(
        method: presented.method, target: try DPoPTarget(presented.uri), accessToken: accessToken)
      proof = try verifier.verify(presented.text, for: request, nowMilliseconds: now.milliseconds - shift)
    } catch {
      throw BadProof(error)
    }
    guard let key = Digest256(proof.thumbprint.bytes), let digest = Digest256(proof.useDigest.bytes) else {
      throw BadProof(.keyNumbers)
    }
    // Its last good millisecond is before its end.
    let end = Timestamp(milliseconds: proof.goodUntilMilliseconds + 1 + shift)
    return (KeyProof(key: key, useDigest: digest, end: end), proof.nonce)
  }

  /// Counts the verified proof of a bound access token, once.
  package func count(
    _ proof: KeyProof, boundTo thumbprint: String, at now: Timestamp
  ) throws(AuthorizationError) {
    guard proof.key.description == thumbprint else { throw .badProof(.otherKey) }
    switch counted.count(proof, at: now) {
    case .counted: return
    case .replayed: throw .badProof(.replayed)
    case .full: throw .badToken(.unverifiable)
    }
  }
}
