/// What a verified token of another issuer says.
package struct ForeignClaims: Sendable, Hashable {
  package let algorithm: SignatureAlgorithm
  package let keyID: String?
  package let issuer: String?
  /// Empty when the token names none.
  package let audiences: [String]
  package let subject: String?
  /// Whole seconds since the epoch, rounded down.
  package let expiresAt: Int64
  /// All claims: strict JSON.
  package let payload: [UInt8]
}
