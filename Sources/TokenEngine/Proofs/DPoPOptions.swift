internal import RotationModel
public import TokenSigning

/// The policy for proofs of keys, to which tokens are bound (DPoP, RFC 9449).
public struct DPoPOptions: Sendable, Hashable {
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// Proofs are ignored. Sessions and tokens that were bound to a key before still need it.
    case off
    /// A proof that comes along binds what is granted. Clients whose ``Client/requiresProof`` is true must send one.
    case optional
    /// Each request for tokens must have a proof.
    case required
  }

  public var mode = Mode.optional
  /// True if each proof must hold a nonce of this server (RFC 9449 §8), which ``RotationEngine/dpopNonce()`` gives.
  public var asksForNonces = false
  /// The time for which a proof is accepted after it was made, in whole seconds, from 1 s to 1 h.
  ///
  /// Accepted proofs are remembered for so long. Instances on one ledger must have the same: one with a longer window
  /// accepts what one with a shorter window has forgotten.
  public var window = Duration.seconds(60)

  /// The algorithms of the proofs that are accepted, as metadata and challenges name them (RFC 9449 §5.1 and §7.1).
  public static let algorithms: [SignatureAlgorithm] = DPoPProofVerifier.algorithms

  public init() {}

  /// True if nonces are given and asked for: not where proofs are ignored.
  package var usesNonces: Bool { asksForNonces && mode != .off }

  func validate() throws(EngineError) {
    try Limits.proofWindow.checkOption("dpop.window", window)
    guard window.wholeMilliseconds % 1000 == 0 else {
      throw .invalid(field: "dpop.window", limit: "whole seconds, \(Limits.proofWindow.text)")
    }
  }
}

extension DPoPOptions: CustomStringConvertible {
  /// The policy as text for people, empty for the default one.
  public var description: String {
    guard self != DPoPOptions() else { return "" }
    let window = DurationText.format(window) ?? "\(window)"
    return "dpop=\(mode.rawValue) window=\(window)" + (asksForNonces ? " nonces" : "")
  }
}
