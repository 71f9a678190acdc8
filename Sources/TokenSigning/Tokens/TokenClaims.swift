/// The claims of an access token beside the issuer and audience, which belong to the minter and the verifier (RFC 9068
/// §2.2).
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
  /// The seconds by which the issuer's own time was ahead of these, which are the wall clock's; 0 to
  /// `ClaimTime.secondsMax`, and left out of the token when 0. The issuer compares its own time.
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
  /// The time of issue, in seconds of the issuer's own time.
  package var ownIssuedAt: Int64 { issuedAt + shift }

  /// The moment of its end, in milliseconds of the issuer's own time.
  package var ownEndMilliseconds: Int64 { (expiresAtMilliseconds ?? expiresAt * 1000) + shift * 1000 }
}

/// The claims of a refresh token beside its issuer.
package struct RefreshClaims: Sendable, Hashable {
  package var subject: String
  package var clientID: String
  /// The scope that was granted, so that a narrower request is checked before the token is consumed; left out if empty.
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

/// The claims of a one-time token beside its issuer.
package struct OneTimeClaims: Sendable, Hashable {
  /// Its purpose, such as "password-reset": compared byte for byte by the caller that consumes it.
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

/// The claims that an embedder adds to its access tokens: JSON members without the braces around them.
package enum ExtraMembers {
  static let reserved: Set<String> = [
    "iss", "aud", "sub", "client_id", "scope", "iat", "exp", "exp_ms", "nbf", "jti", "shift", "sid",
  ]
  /// The most bytes: with the longest subject, client and scopes a token stays under `TokenVerifier.textBytesMax`.
  package static let bytesMax = 1024

  /// True for strict JSON members, none of a reserved name, none twice, at most 32 of them and `bytesMax` bytes.
  /// Call it where the members are configured, not for each token.
  package static func isValid(_ members: [UInt8]) -> Bool {
    if members.isEmpty { return true }
    guard members.count <= bytesMax else { return false }
    let whole = [UInt8(ascii: "{")] + members + [UInt8(ascii: "}")]
    guard let object = try? JSONReader.object(whole) else { return false }
    return !object.members.isEmpty && object.members.count <= 32
      && object.members.allSatisfy { !reserved.contains($0.name) }
  }

  /// The members of a verified token that are not of ours, each as it was written.
  static func of(_ object: JSONObject, in payload: [UInt8]) -> [UInt8] {
    var extra: [UInt8] = []
    for member in object.members where !reserved.contains(member.name) {
      if !extra.isEmpty { extra.append(UInt8(ascii: ",")) }
      extra += payload[member.source]
    }
    return extra
  }
}

/// The times that a claim may hold.
package enum ClaimTime {
  /// The last second of the year 9999.
  package static let secondsMax: Int64 = 253_402_300_799
  static let seconds: ClosedRange<Int64> = 0...secondsMax
  static let milliseconds: ClosedRange<Int64> = 0...(secondsMax * 1000 + 999)
}
