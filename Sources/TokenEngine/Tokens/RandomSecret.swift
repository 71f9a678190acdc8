internal import TokenSigning

/// A random secret for a link or a cookie, of which the server can keep only the digest.
package struct RandomSecret: Sendable, RedactedValue {
  /// The secret as 43 base64url characters, which stand for 32 random bytes.
  package let text: String

  package init() {
    var random = OpenSSLRandom()
    let bytes = (0..<4).flatMap { _ -> [UInt8] in
      let word = random.next()
      return (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
    text = Base64URL.text(bytes.span)
  }

  package var digest: Digest { Digest(of: text) }

  /// The SHA-256 digest of a secret.
  ///
  /// Equal digests come from equal secrets, and the comparison of two reveals nothing about how much of a guess was
  /// right.
  package struct Digest: Sendable, Hashable, RedactedValue {
    private let digest: TokenSigning.Digest

    package init(of text: String) {
      digest = TokenSigning.Digest(of: Array(text.utf8))
    }
  }
}
