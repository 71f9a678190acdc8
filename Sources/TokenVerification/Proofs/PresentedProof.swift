package import TokenSigning

/// A proof of a key as it came along with a request (RFC 9449 §4), and the request that it must be for.
///
/// Printing, dumping or interpolating it does not show the proof.
public struct PresentedProof: Sendable, Hashable {
  /// The value of the one header field `DPoP`.
  ///
  /// A request with several of them is the caller's to refuse (RFC 9449 §4.3).
  public var text: String
  /// The method of the request, in its letter case: `POST`.
  public var method: String
  /// The absolute URI of the request as its client wrote it; its query and fragment do not count.
  public var uri: String

  public init(text: String, method: String, uri: String) {
    self.text = text
    self.method = method
    self.uri = uri
  }
}

extension PresentedProof: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The method and the length of the proof.
  ///
  /// A URI can hold secrets too.
  public var description: String {
    "PresentedProof(method: \(method.debugDescription), \(text.utf8.count) bytes redacted)"
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror { Mirror(self, children: ["method": method, "bytes": text.utf8.count]) }
}

/// The fault of a proof of a key, or of its absence.
///
/// The error holds nothing of the proof.
public struct BadProof: Error, Sendable, Hashable, CustomStringConvertible {
  @nonexhaustive
  public enum Fault: String, Sendable, Hashable, CaseIterable {
    /// There is no proof, and the server, the client's account or the token asks for one.
    case missing = "proof_missing"
    /// The proof is no signed text with the header, the key and the claims that RFC 9449 asks for.
    case malformed = "proof_malformed"
    case badSignature = "proof_bad_signature"
    /// The proof is for another method or URI.
    case otherRequest = "proof_other_request"
    /// The proof was made longer ago than the window for proofs.
    case tooOld = "proof_too_old"
    /// The proof was made in the future: the client's clock is ahead.
    case tooNew = "proof_too_new"
    /// The proof is for another access token, or for none.
    case otherToken = "proof_other_token"
    /// The access token is bound to another key.
    case otherKey = "proof_other_key"
    /// The proof was accepted before.
    case replayed = "proof_replayed"
    /// The proof holds no nonce, and the server asks for one.
    case nonceMissing = "proof_nonce_missing"
    /// The nonce of the proof is not one of the server's, or no longer.
    case otherNonce = "proof_other_nonce"
  }

  public let fault: Fault
  /// One line for a person, which the client may be told.
  public let description: String

  package init(_ fault: Fault, _ description: String) {
    self.fault = fault
    self.description = description
  }

  /// The `error` of the reply (RFC 9449 §5 and §8).
  public var errorCode: String {
    switch fault {
    case .nonceMissing, .otherNonce: "use_dpop_nonce"
    default: "invalid_dpop_proof"
    }
  }

  package static let missing = BadProof(.missing, "a DPoP proof is missing, and the server asks for one")
  package static let replayed = BadProof(.replayed, "the proof was used before: make one for each request")
  package static let late = BadProof(.tooOld, "the proof became too old while the request waited")
  package static let otherKey = BadProof(.otherKey, "the access token is bound to another key than that of the proof")
}

extension BadProof {
  package init(_ error: DPoPError) {
    let fault: Fault =
      switch error {
      case .signature: .badSignature
      case .otherMethod, .otherTarget: .otherRequest
      case .tooOld: .tooOld
      case .tooNew: .tooNew
      case .tokenDigestMissing, .otherToken: .otherToken
      case .nonceMissing: .nonceMissing
      case .otherNonce: .otherNonce
      default: .malformed
      }
    self.init(fault, error.description)
  }
}
