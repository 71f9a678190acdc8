internal import Synchronization
internal import TokenEngine

/// The key that a session of a load is bound to, and its proofs (DPoP, RFC 9449).
public struct SessionKey: Sendable {
  private let signer = DPoPSigner(.es256)

  /// Makes a new key for ES256.
  ///
  /// This takes 0.1 ms.
  init() {}

  /// Returns a proof for one request of the token endpoint at `url`, another each time.
  ///
  /// `issuedAt` is in seconds since 1970; `nonce` is the one that the server gave out, or nil for none.
  func proof(url: String, issuedAt: Int64, nonce: String?) -> String {
    let identifier = String(UInt64.random(in: 0 ... .max), radix: 36) + String(UInt64.random(in: 0 ... .max), radix: 36)
    return signer.proof(method: "POST", uri: url, identifier: identifier, issuedAt: issuedAt, nonce: nonce)
  }
}

extension SessionKey: Equatable {
  public static func == (left: SessionKey, right: SessionKey) -> Bool {
    left.signer.thumbprint == right.signer.thumbprint
  }
}

/// The newest nonce that a server gave out (RFC 9449 §8), which all sessions use: it is the server's and not a
/// session's.
final class NewestNonce: Sendable {
  private let nonce = Mutex<String?>(nil)

  var value: String? { nonce.withLock { $0 } }

  func note(_ text: String) { nonce.withLock { $0 = text } }
}
