/// What a one-time token says beyond its issuer.
package struct OneTimeClaims: Sendable, Hashable {
  /// What it may be used for, such as "password-reset": compared byte for byte by whoever consumes it.
  package var purpose: String
  /// Seconds since the epoch.
  package var issuedAt: Int64
  /// Seconds since the epoch: the ceiling of the token's end, which only the ledger knows to the millisecond.
  package var expiresAt: Int64
  /// Its generation is 0: nothing follows a one-time token. A verifier refuses any other.
  package var identifier: TokenIdentifier

  package init(purpose: String, issuedAt: Int64, expiresAt: Int64, identifier: TokenIdentifier) {
    self.purpose = purpose
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    self.identifier = identifier
  }
}
