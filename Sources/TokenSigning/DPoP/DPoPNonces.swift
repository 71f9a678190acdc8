/// The nonces that a server asks its clients to put into proofs (RFC 9449 §8), so that no proof is made long before it
/// is used.
///
/// They are derived from the time and a secret, and kept nowhere: all instances with one secret and one time give out
/// and accept the same. A nonce is good for the step in which it was given out and for the next one.
package struct DPoPNonces: Sendable {
  private static let secretLabel = Array("refresh-ledger DPoP nonce secret 1\n".utf8)
  private static let label = Array("refresh-ledger DPoP nonce 1\n".utf8)

  private let key: HMACKey
  private let stepMilliseconds: Int64

  /// Creates the nonces of a secret, or returns nil if it has fewer than 32 bytes.
  ///
  /// - Parameters:
  ///   - secret: The secret that all instances have in common.
  ///   - stepSeconds: The time for which the same nonce is given out, from 1 to 86,400 seconds.
  package init?(secret: [UInt8], stepSeconds: Int64 = 60) {
    precondition((1...86_400).contains(stepSeconds), "a step of no time, or of more than a day")
    guard let key = HMACKey(secret: secret.span) else { return nil }
    self.key = key
    stepMilliseconds = stepSeconds * 1000
  }

  /// Derives the secret from a key of refresh tokens, of which it tells nothing; nil for a key of another algorithm.
  init?(key: SigningKey) {
    guard case .secret(let hmac) = key.material else { return nil }
    let code = hmac.code(for: Self.secretLabel.span)
    self.init(secret: code.span.indices.map { code[$0] })
  }

  /// Returns the nonce of this time: 43 letters of base64url.
  package func nonce(nowMilliseconds: Int64) -> String {
    nonce(ofStep: step(nowMilliseconds))
  }

  /// Returns true for the nonce of this time's step and for that of the step before it, both compared in constant time.
  package func accepts(_ nonce: String, nowMilliseconds: Int64) -> Bool {
    guard let code = Base64URL.decode(nonce) else { return false }
    let step = step(nowMilliseconds)
    let isPresent = key.isValid(code.span, for: Self.message(ofStep: step).span)
    let isPrevious = key.isValid(code.span, for: Self.message(ofStep: step - 1).span)
    return isPresent || isPrevious
  }

  /// Returns the number of the step that a time is in; it rises by one with each, before 1970 too.
  private func step(_ milliseconds: Int64) -> Int64 {
    let (step, rest) = milliseconds.quotientAndRemainder(dividingBy: stepMilliseconds)
    return rest < 0 ? step - 1 : step
  }

  private func nonce(ofStep step: Int64) -> String {
    let code = key.code(for: Self.message(ofStep: step).span)
    return Base64URL.text(code.span)
  }

  private static func message(ofStep step: Int64) -> [UInt8] {
    label + (0..<8).reversed().map { UInt8(truncatingIfNeeded: step >> (8 * $0)) }
  }
}
