/// The claims of an access token (RFC 9068 §2.2), except for the issuer and audience, which belong to the minter and
/// the verifier.
package struct AccessClaims: Sendable, Hashable {
  package var subject: String
  package var clientID: String
  /// The scopes, separated by single spaces; omitted from the token if empty.
  package var scope: String
  /// The time of issue in seconds since the epoch.
  package var issuedAt: Int64
  /// The end in seconds since the epoch, rounded up; 0 to `ClaimTime.secondsMax`.
  package var expiresAt: Int64
  /// The exact end if the lifetime is not a whole number of seconds, in milliseconds since the epoch, within the second
  /// that ends at `expiresAt`.
  package var expiresAtMilliseconds: Int64?
  /// The seconds by which the issuer's own time, which it compares, was ahead of the wall clock, in which the times of
  /// the token are; 0 to `ClaimTime.secondsMax`, and omitted from the token if 0.
  package var shift: Int64
  package var identifier: TokenIdentifier
  /// The thumbprint of the key that the token is bound to, which is its `cnf.jkt` (RFC 9449 §6.1), or nil for a bearer
  /// token.
  package var keyThumbprint: String?
  /// Further members, encoded and without braces: `"plan":"gold","seats":3`.
  ///
  /// They must satisfy `ExtraMembers.isValid`.
  package var extraMembers: [UInt8]

  package init(
    subject: String, clientID: String, scope: String, issuedAt: Int64, expiresAt: Int64,
    expiresAtMilliseconds: Int64? = nil, shift: Int64 = 0, identifier: TokenIdentifier, keyThumbprint: String? = nil,
    extraMembers: [UInt8] = []
  ) {
    self.subject = subject
    self.clientID = clientID
    self.scope = scope
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
    self.expiresAtMilliseconds = expiresAtMilliseconds
    self.shift = shift
    self.identifier = identifier
    self.keyThumbprint = keyThumbprint
    self.extraMembers = extraMembers
  }
}

extension AccessClaims {
  /// The time of issue in seconds of the issuer's own time.
  package var ownIssuedAt: Int64 { issuedAt + shift }

  /// The end in milliseconds of the issuer's own time.
  package var ownEndMilliseconds: Int64 { shownEndMilliseconds + shift * 1000 }

  /// The end in milliseconds of the wall clock, by which verifiers in other processes go.
  package var shownEndMilliseconds: Int64 { expiresAtMilliseconds ?? expiresAt * 1000 }
}

/// The claims of a refresh token, except for its issuer.
package struct RefreshClaims: Sendable, Hashable {
  package var subject: String
  package var clientID: String
  /// The granted scope, so that a narrower request can be checked before the token is consumed; omitted if empty.
  package var scope: String
  /// The time of issue in seconds since the epoch.
  package var issuedAt: Int64
  /// The end of the session in seconds since the epoch, rounded up; only the ledger knows it to the millisecond.
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

/// The claims of a one-time token, except for its issuer.
package struct OneTimeClaims: Sendable, Hashable {
  /// The purpose, such as "password-reset".
  ///
  /// The caller that consumes the token compares it byte by byte.
  package var purpose: String
  /// The time of issue in seconds since the epoch.
  package var issuedAt: Int64
  /// The end of the token in seconds since the epoch, rounded up; only the ledger knows it to the millisecond.
  package var expiresAt: Int64
  /// The `jti`.
  ///
  /// Its generation is 0, since a one-time token has no successor; a verifier refuses any other.
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
    "cnf",
  ]
  /// The most bytes: with the longest subject, client and scopes a token stays under `TokenVerifier.textBytesMax`.
  package static let bytesMax = 1024

  /// Checks that the members are strict JSON, with no reserved name, no name twice, at most 32 members and `bytesMax`
  /// bytes.
  ///
  /// The check is for the configuration of the members, not for each token.
  package static func isValid(_ members: [UInt8]) -> Bool {
    if members.isEmpty { return true }
    guard members.count <= bytesMax else { return false }
    let whole = [UInt8(ascii: "{")] + members + [UInt8(ascii: "}")]
    guard let object = try? JSONReader.object(whole) else { return false }
    return !object.members.isEmpty && object.members.count <= 32
      && object.members.allSatisfy { !reserved.contains($0.name) }
  }

  /// Returns the members of a verified token that are not our own, each as it was written.
  static func of(_ object: JSONObject, in payload: [UInt8]) -> [UInt8] {
    var extra: [UInt8] = []
    for member in object.members where !reserved.contains(member.name) {
      if !extra.isEmpty { extra.append(UInt8(ascii: ",")) }
      extra += payload[member.source]
    }
    return extra
  }
}

/// The times that a claim can hold.
package enum ClaimTime {
  /// The last second of the year 9999.
  package static let secondsMax: Int64 = 253_402_300_799
  static let seconds: ClosedRange<Int64> = 0...secondsMax
  static let milliseconds: ClosedRange<Int64> = 0...(secondsMax * 1000 + 999)
}
