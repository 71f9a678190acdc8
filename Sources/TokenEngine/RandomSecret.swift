internal import TokenSigning

/// A random secret, of which whoever hands it out can keep the digest alone: that of a link, of a cookie.
package struct RandomSecret: Sendable, RedactedValue {
  /// 43 base64url characters: 32 random bytes.
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

  /// SHA-256 of a secret: equal ones are from equal secrets, and a comparison of two tells nothing of how much of a guess was right.
  package struct Digest: Sendable, Hashable, RedactedValue {
    private let digest: TokenSigning.Digest

    package init(of text: String) {
      digest = TokenSigning.Digest(of: Array(text.utf8))
    }
  }
}
