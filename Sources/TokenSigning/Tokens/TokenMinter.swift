/// A writer of our own tokens, signed with the current key of each type.
///
/// The text is a pure function of the keys, issuer, audience and claims: the same each time, byte for byte, even after
/// a restart. Access tokens of ES256 and PS256 are the exception (see `SignatureAlgorithm`). With HS256 a token costs
/// less than a microsecond and one allocation; with the others it costs as much as the signature, from 20 µs (ES256) to
/// 250 µs (RSA).
package struct TokenMinter: Sendable {
  private let ring: KeyRing
  private let access: TokenTemplate
  private let refresh: TokenTemplate
  private let oneTime: TokenTemplate

  /// - Parameters:
  ///   - ring: The keys in force.
  ///   - issuer: The issuer of all tokens.
  ///   - audience: The audience of access tokens, omitted if empty. The other tokens have none, since they are for the
  ///     issuer.
  package init(ring: KeyRing, issuer: String, audience: String) {
    self.ring = ring
    let members = TokenTemplate.members(issuer: issuer)
    refresh = TokenTemplate(constantMembers: members)
    oneTime = TokenTemplate(constantMembers: members)
    access = TokenTemplate(constantMembers: TokenTemplate.accessMembers(issuer: issuer, audience: audience))
  }

  /// Creates a minter whose keys never change.
  package init(keys: TokenKeys, issuer: String, audience: String) {
    self.init(ring: KeyRing(keys), issuer: issuer, audience: audience)
  }

  /// Returns a signed access token.
  ///
  /// The subject, client, scopes and extra members together should stay under 2,400 bytes, less the number of bytes by
  /// which an RSA key is longer than 256 bits: 2,170 bytes for 2048 bits, 1,900 for 4096. A verifier refuses a token of
  /// more than `TokenVerifier.textBytesMax`.
  package func mintAccess(_ claims: AccessClaims) -> String {
    let room =
      Self.fixedBytesMax + claims.extraMembers.count + (claims.keyThumbprint.map(ByteWriter.jsonStringBytesMax) ?? 0)
      + ByteWriter.jsonStringBytesMax(claims.subject)
      + ByteWriter.jsonStringBytesMax(claims.clientID) + ByteWriter.jsonStringBytesMax(claims.scope)
    return access.token(signedBy: ring.withCurrent { $0.access }, claimBytesMax: room) { writer in
      Self.appendGrant(subject: claims.subject, clientID: claims.clientID, scope: claims.scope, to: &writer)
      Self.appendTimes(issuedAt: claims.issuedAt, expiresAt: claims.expiresAt, to: &writer)
      if let end = claims.expiresAtMilliseconds {
        writer.append(",\"exp_ms\":")
        writer.append(decimal: end)
      }
      if claims.shift > 0 {
        writer.append(",\"shift\":")
        writer.append(decimal: claims.shift)
      }
      let identifier = claims.identifier.bytes
      writer.append(",\"jti\":\"")
      writer.append(base64URL: identifier.span)
      writer.append("\",\"sid\":\"")
      writer.append(base64URL: identifier.span.extracting(first: 12))
      writer.append(UInt8(ascii: "\""))
      if let thumbprint = claims.keyThumbprint {
        writer.append(",\"cnf\":{\"jkt\":")
        writer.append(jsonString: thumbprint)
        writer.append(UInt8(ascii: "}"))
      }
      if !claims.extraMembers.isEmpty {
        writer.append(UInt8(ascii: ","))
        writer.append(claims.extraMembers)
      }
      writer.append(UInt8(ascii: "}"))
    }
  }

  package func mintRefresh(_ claims: RefreshClaims) -> String {
    let room =
      Self.fixedBytesMax + ByteWriter.jsonStringBytesMax(claims.subject)
      + ByteWriter.jsonStringBytesMax(claims.clientID) + ByteWriter.jsonStringBytesMax(claims.scope)
    return refresh.token(signedBy: ring.withCurrent { $0.refresh }, claimBytesMax: room) { writer in
      Self.appendGrant(subject: claims.subject, clientID: claims.clientID, scope: claims.scope, to: &writer)
      Self.appendTimes(issuedAt: claims.issuedAt, expiresAt: claims.expiresAt, to: &writer)
      let identifier = claims.identifier.bytes
      writer.append(",\"jti\":\"")
      writer.append(base64URL: identifier.span)
      writer.append("\"}")
    }
  }

  /// Returns a signed one-time token.
  ///
  /// The purpose should stay under 2,400 bytes.
  package func mintOneTime(_ claims: OneTimeClaims) -> String {
    let room = Self.fixedBytesMax + ByteWriter.jsonStringBytesMax(claims.purpose)
    return oneTime.token(signedBy: ring.withCurrent { $0.oneTime }, claimBytesMax: room) { writer in
      Self.appendTimes(issuedAt: claims.issuedAt, expiresAt: claims.expiresAt, to: &writer)
      let identifier = claims.identifier.bytes
      writer.append(",\"jti\":\"")
      writer.append(base64URL: identifier.span)
      writer.append("\",\"purpose\":")
      writer.append(jsonString: claims.purpose)
      writer.append(UInt8(ascii: "}"))
    }
  }

  /// An upper bound for the names, punctuation, numbers and identifiers of one token.
  private static let fixedBytesMax = 256

  private static func appendGrant(subject: String, clientID: String, scope: String, to writer: inout ByteWriter) {
    writer.append(",\"sub\":")
    writer.append(jsonString: subject)
    writer.append(",\"client_id\":")
    writer.append(jsonString: clientID)
    if scope.isEmpty { return }
    writer.append(",\"scope\":")
    writer.append(jsonString: scope)
  }

  private static func appendTimes(issuedAt: Int64, expiresAt: Int64, to writer: inout ByteWriter) {
    writer.append(",\"iat\":")
    writer.append(decimal: issuedAt)
    writer.append(",\"exp\":")
    writer.append(decimal: expiresAt)
  }
}

/// The part of the claims that is the same for all tokens of one type, issuer and audience, encoded once.
struct TokenTemplate: Sendable {
  /// The whole groups of three bytes of the constant members, encoded; their text does not depend on what follows.
  private let head: [UInt8]
  /// The bytes of the constant members after those groups, 0 to 2.
  private let rest: [UInt8]

  /// - Parameter constantMembers: The beginning of the claims, from the brace up to the next comma.
  init(constantMembers: String) {
    let constant = Array(constantMembers.utf8)
    let whole = constant.count / 3 * 3
    head = Base64URL.encode(constant.span.extracting(first: whole))
    rest = Array(constant[whole...])
  }

  /// Returns the members with which the claims of refresh and one-time tokens begin.
  static func members(issuer: String) -> String { "{\"iss\":\(ByteWriter.jsonText(issuer))" }

  /// Returns the members with which the claims of access tokens begin.
  static func accessMembers(issuer: String, audience: String) -> String {
    members(issuer: issuer) + (audience.isEmpty ? "" : ",\"aud\":\(ByteWriter.jsonText(audience))")
  }

  /// Returns the signed token whose claims are the constant members followed by what `write` appends, at most
  /// `claimBytesMax` bytes.
  @inline(__always)
  func token(signedBy header: SigningHeader, claimBytesMax: Int, write: (inout ByteWriter) -> Void) -> String {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: rest.count + claimBytesMax) { scratch in
      var claims = unsafe ByteWriter(scratch)
      claims.append(rest)
      write(&claims)
      return unsafe sign(claims.written.span, by: header)
    }
  }

  private func sign(_ claims: Span<UInt8>, by header: SigningHeader) -> String {
    let signedCount = header.encoded.count + head.count + Base64URL.encodedCount(claims.count)
    let count = signedCount + 1 + Base64URL.encodedCount(header.signatureBytes)
    return unsafe String(unsafeUninitializedCapacity: count) { room in
      var writer = unsafe ByteWriter(room)
      writer.append(header.encoded)
      writer.append(head)
      writer.append(base64URL: claims)
      switch header.material {
      case .secret(let hmac):
        let code = unsafe hmac.code(for: writer.written.span)
        writer.append(UInt8(ascii: "."))
        writer.append(base64URL: code.span)
      case .pair(let key):
        let signature = unsafe key.signature(of: writer.written.span)
        writer.append(UInt8(ascii: "."))
        writer.append(base64URL: signature.span)
      }
      return writer.count
    }
  }
}
