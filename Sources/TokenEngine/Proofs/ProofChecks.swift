internal import RotationModel
internal import TokenSigning
internal import TokenVerification

/// The checks of proofs of keys (RFC 9449 §4.3), and their counting.
struct ProofChecks: Sendable {
  let options: DPoPOptions
  private let verification: ProofVerification
  private let keys: KeyRing
  private let ledger: any SessionLedger
  /// The ledger again, or nil if it counts no proofs.
  private let counting: (any ProofLedger)?

  init(options: DPoPOptions, keys: KeyRing, ledger: any SessionLedger) {
    self.options = options
    self.keys = keys
    self.ledger = ledger
    counting = ledger as? any ProofLedger
    verification = ProofVerification(windowSeconds: options.window.wholeMilliseconds / 1000)
  }

  /// Implements ``RotationEngine/dpopNonce()``.
  func nonce() -> String {
    // Nonces go by the wall clock, which the ledger's time may be ahead of.
    keys.proofNonce(nowMilliseconds: ledger.now().milliseconds - ledger.health.clockShiftSeconds * 1000)
  }

  /// Verifies a proof for one request, which may have been accepted before.
  ///
  /// `accessToken` is the access token that the proof came along with, or nil at the token endpoint.
  func verify(_ presented: PresentedProof, accessToken: String? = nil) throws(BadProof) -> KeyProof {
    let (now, shift) = (ledger.now(), ledger.health.clockShiftSeconds)
    let (proof, nonce) = try verification.verify(presented, accessToken: accessToken, at: now, shiftSeconds: shift)
    // With the mode off nobody is given one, and a bound session still has to prove its key.
    if options.usesNonces {
      guard let nonce else { throw BadProof(.nonceMissing) }
      guard keys.accepts(proofNonce: nonce, nowMilliseconds: now.milliseconds - shift * 1000) else {
        throw BadProof(.otherNonce)
      }
    }
    return proof
  }

  // MARK: - At the grants

  /// Returns true if the client gets no tokens without a proof.
  func areNeeded(by client: Client) -> Bool { options.mode == .required || client.requiresProof }

  /// Returns the proof of a request for tokens, verified and not counted; nil if there is none and none is needed, or
  /// if it is ignored.
  ///
  /// `isTaken` is true if the proof is looked at though the mode is off, since the session is bound.
  func proof(
    _ presented: PresentedProof?, of client: Client, isTaken: Bool = false
  ) throws(ProofFailure) -> KeyProof? {
    let isNeeded = areNeeded(by: client)
    guard let presented else {
      if isNeeded { throw .refused(.missing) }
      return nil
    }
    guard options.mode != .off || isNeeded || isTaken else { return nil }
    return try verified(presented)
  }

  /// Returns the proof of an opening without checks, verified and not counted; nil if there is none or the mode is off.
  func given(_ presented: PresentedProof?) throws(ProofFailure) -> KeyProof? {
    guard let presented, options.mode != .off else { return nil }
    return try verified(presented)
  }

  private func verified(_ presented: PresentedProof) throws(ProofFailure) -> KeyProof {
    guard counting != nil else { throw .failed(.invalid(field: "ledger", limit: "one that counts proofs")) }
    do { return try verify(presented) } catch { throw .refused(error) }
  }

  /// Counts the proof of a grant that changes nothing in the same step.
  func count(_ proof: KeyProof?) async throws(ProofFailure) {
    guard let proof, let counting else { return }
    let refusal: RotationRefusal?
    do { refusal = try await counting.count(proof) } catch { throw .failed(EngineError(error)) }
    if let refusal { throw .refused(refusal == .lateProof ? .late : .replayed) }
  }

  // MARK: - At verification

  /// Checks the proof that came along with a bound access token, and counts it in this process.
  func check(
    _ presented: PresentedProof, with accessToken: String, boundTo thumbprint: String
  ) throws(AuthorizationError) {
    let proof: KeyProof
    do { proof = try verify(presented, accessToken: accessToken) } catch { throw .badProof(error) }
    try verification.count(proof, boundTo: thumbprint, at: ledger.now())
  }
}

/// The reason that a request for tokens does not go on because of its proof.
enum ProofFailure: Error {
  case refused(BadProof)
  case failed(EngineError)
}

extension SessionKeys {
  /// The keys of a session that a client opens with this proof (RFC 9449 §5): the refresh tokens of a confidential
  /// client are bound to its secret already.
  init(of proof: KeyProof?, client: Client) {
    self = client.isPublic ? SessionKeys(lifelong: proof?.key) : SessionKeys(ofLastUse: proof?.key)
  }
}
