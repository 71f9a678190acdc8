/// What a refresh token says beyond its issuer.
package struct RefreshClaims: Sendable, Hashable {
  package var subject: String
  package var clientID: String
  /// What was granted, so that a narrower request is checked before the token is consumed; left out when empty.
  package var scope: String
  /// Seconds since the epoch.
  package var issuedAt: Int64
  /// Seconds since the epoch: the ceiling of the session's end, which only the ledger knows to the millisecond.
  package var expiresAt: Int64
  package var identifier: TokenIdentifier

  package init(
    subject: String, clientID: String, scope: String = "", issuedAt: Int64, expiresAt: Int64,
    identifier: TokenIdentifier
  ) {
    self.subject = subject
    self.clientID = clientID
    self.scope = scope
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    self.identifier = identifier
  }
}
