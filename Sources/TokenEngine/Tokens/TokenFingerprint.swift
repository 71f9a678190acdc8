internal import Platform
internal import RotationModel
internal import TokenSigning

/// A fingerprint that can be shown in place of a token's text.
package enum TokenFingerprint {
  private static let digits = 12

  /// Returns the first 12 digits that `sha256sum` prints for the token, and for a refresh token of ours also its
  /// session and generation, unverified.
  package static func of(_ token: String) -> String {
    let hash = String(hexadecimal: Digest(of: Array(token.utf8)).bytes.prefix(digits / 2))
    guard let identifier = identifier(of: token) else { return hash }
    return "\(hash) (session \(identifier.sessionText), generation \(identifier.generation))"
  }

  private static func identifier(of token: String) -> TokenIdentifier? {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let payload = Base64URL.decode(String(parts[1])),
      let place = payload.firstRange(of: Array(#""jti":""#.utf8))
    else { return nil }
    return TokenIdentifier(
      text: String(decoding: payload[place.upperBound...].prefix(TokenIdentifier.textBytes), as: UTF8.self))
  }
}
