/// What an access token says beyond the issuer and audience, which belong to the minter and the verifier (RFC 9068 §2.2).
package struct AccessClaims: Sendable, Hashable {
  package var subject: String
  package var clientID: String
  /// Names separated by one space; left out of the token when empty.
  package var scope: String
  /// Seconds since the epoch.
  package var issuedAt: Int64
  /// Seconds since the epoch, the ceiling of the exact end; 0 to `ClaimTime.secondsMax`.
  package var expiresAt: Int64
  /// The exact end, when the lifetime is not a whole number of seconds: milliseconds since the epoch, in the second
  /// that ends at `expiresAt`.
  package var expiresAtMilliseconds: Int64?
  /// By how many seconds the issuer's own time was ahead of these, which are the wall clock's; 0 to `ClaimTime.secondsMax`, and left out of the
  /// token when 0. The issuer compares its own time.
  package var shift: Int64
  package var identifier: TokenIdentifier
  /// Further members, encoded and without braces: `"plan":"gold","seats":3`. They must satisfy `ExtraMembers.isValid`.
  package var extraMembers: [UInt8]

  package init(
    subject: String, clientID: String, scope: String, issuedAt: Int64, expiresAt: Int64,
    expiresAtMilliseconds: Int64? = nil, shift: Int64 = 0, identifier: TokenIdentifier, extraMembers: [UInt8] = []
  ) {
    self.subject = subject
    self.clientID = clientID
    self.scope = scope
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    self.expiresAtMilliseconds = expiresAtMilliseconds
    self.shift = shift
    self.identifier = identifier
    self.extraMembers = extraMembers
  }
}

extension AccessClaims {
  /// When it was issued, in seconds of the issuer's own time.
  package var ownIssuedAt: Int64 { issuedAt + shift }

  /// The moment of its end, in milliseconds of the issuer's own time.
  package var ownEndMilliseconds: Int64 { (expiresAtMilliseconds ?? expiresAt * 1000) + shift * 1000 }
}
