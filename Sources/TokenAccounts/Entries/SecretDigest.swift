internal import TokenSigning

/// The stored form of a client's secret: `sha256:` and the base64url of a 16-byte random salt followed by
/// SHA-256(salt ‖ secret).
///
/// A client secret is machine-made and at least 16 bytes long, so that guessing it is out of reach and a slow password
/// hash, which every token request would have to pay for, buys nothing. The salt keeps equal secrets from showing.
struct SecretDigest: Sendable {
  private static let prefix = "sha256:"
  private static let saltBytes = 16

  private let salt: [UInt8]
  private let digest: [UInt8]

  private init(salt: [UInt8], digest: [UInt8]) {
    self.salt = salt
    self.digest = digest
  }

  /// Makes the stored form of `secret` with a fresh salt.
  init(secret: [UInt8]) throws(AccountError) {
    let salt = try RandomBytes.make(SecretDigest.saltBytes)
    self.init(salt: salt, digest: SecretDigest.digest(salt: salt, secret: secret))
  }

  /// Reads the stored form; nil if it is anything else.
  init?(text: String) {
    guard text.hasPrefix(SecretDigest.prefix),
      let bytes = Base64URL.decode(String(text.dropFirst(SecretDigest.prefix.count))),
      bytes.count == SecretDigest.saltBytes + Digest.byteCount
    else { return nil }
    self.init(salt: Array(bytes.prefix(SecretDigest.saltBytes)), digest: Array(bytes.dropFirst(SecretDigest.saltBytes)))
  }

  /// A form that no secret is known to match, to compare with if there is no client of that id.
  static func unmatchable() throws(AccountError) -> SecretDigest {
    SecretDigest(salt: try RandomBytes.make(saltBytes), digest: try RandomBytes.make(Digest.byteCount))
  }

  var text: String { SecretDigest.prefix + Base64URL.text((salt + digest).span) }

  /// Whether one of `candidates` is the secret. Every candidate is digested and compared, also after a match.
  func matches(anyOf candidates: some Sequence<[UInt8]>) -> Bool {
    var matched = false
    for candidate in candidates where candidate.count <= AccountText.secretBytesMax {
      let other = SecretDigest.digest(salt: salt, secret: candidate)
      let equal = ConstantTime.equal(digest, other)
      matched = matched || equal
    }
    return matched
  }

  private static func digest(salt: [UInt8], secret: [UInt8]) -> [UInt8] { Digest(of: salt + secret).bytes }
}

extension SecretDigest: RedactedValue {}
