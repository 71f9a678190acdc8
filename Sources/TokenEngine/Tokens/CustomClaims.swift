import FoundationEssentials
public import RotationModel
internal import TokenSigning

/// The context for which an access token is minted.
public struct ClaimsContext: Sendable, Hashable {
  public var subject: String
  public var client: String
  /// The scope that the token will have.
  public var scopes: Scopes
  /// The session of the token, or nil for a token of a client itself.
  public var session: SessionID? = nil
  /// The time at which the session was opened.
  ///
  /// At the opening itself it is the time at which the claims are made, some milliseconds before.
  public var openedAt: Timestamp? = nil
  /// The name that the subject gave the session.
  public var label: String? = nil
  /// The bytes that the session was opened with; see ``OpeningRequest/attributes``.
  public var attributes: [UInt8] = []
}

/// Claims that an embedder adds to its access tokens: the members of a JSON object.
///
/// There can be at most 1024 bytes and 32 members, none with the name of a claim that is set already (`iss`, `aud`,
/// `sub`, `client_id`, `scope`, `iat`, `exp`, `exp_ms`, `nbf`, `jti`, `shift`, `sid`, `cnf`). Together with subject,
/// client and scopes they can have at most 1900 bytes, 1840 if the token is bound to a key, since a token over 4 KiB is
/// refused.
///
/// The claims are made before anything is consumed, so that a failure costs the client a retry and no token. A retry in
/// the grace window makes them again: it is answered with the same pair only if the claims are the same for the same
/// context.
public struct CustomClaims: Sendable, Hashable {
  let members: [UInt8]

  public static let empty = CustomClaims(members: [])

  /// The most bytes of claims, subject, client and scopes together.
  static let grantBytesMax = 1900
  /// The bytes of the claim of a key.
  static let keyBytes = 60

  private init(members: [UInt8]) {
    self.members = members
  }

  /// Creates claims from a value that encodes to a JSON object.
  ///
  /// Its members are sorted by name.
  public init(_ value: some Encodable) throws(EngineError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(value) else { throw CustomClaims.fault }
    try self.init(json: String(decoding: json, as: UTF8.self))
  }

  /// Creates claims from the text of a JSON object.
  public init(json: String) throws(EngineError) {
    let text = json.utf8
    guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}"), text.count >= 2 else {
      throw CustomClaims.fault
    }
    let members = Array(text.dropFirst().dropLast())
    guard ExtraMembers.isValid(members) else { throw CustomClaims.fault }
    self.init(members: members)
  }

  private static let fault = EngineError.invalid(
    field: "claims", limit: "a JSON object of at most 1024 bytes and 32 members without the names of standard claims")
}
