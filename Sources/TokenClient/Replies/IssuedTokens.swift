/// The tokens of a reply. Printing, dumping or interpolating them shows neither.
public struct IssuedTokens: Sendable, Hashable {
  public var accessToken: String
  /// The refresh token, or nil for a client's own token.
  public var refreshToken: String?
  /// The time until the access token ends, in whole seconds, from the moment of the reply.
  public var expiresIn: Duration
  /// The time until the refresh token ends if it is not used; nil without one.
  public var refreshExpiresIn: Duration?
  /// The scopes of the access token.
  public var scopes: Scopes
  /// The scheme with which the access token is presented, such as `Bearer`.
  public var scheme: String
}

extension IssuedTokens: Decodable {
  private enum Member: String, CodingKey {
    case accessToken = "access_token"
    case refreshToken = "refresh_token"
    case expiresIn = "expires_in"
    case refreshExpiresIn = "refresh_expires_in"
    case scheme = "token_type"
    case scope
  }

  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: Member.self)
    accessToken = try members.decode(String.self, forKey: .accessToken)
    refreshToken = try members.decodeIfPresent(String.self, forKey: .refreshToken)
    expiresIn = .seconds(try members.decode(Int64.self, forKey: .expiresIn))
    refreshExpiresIn = try members.decodeIfPresent(Int64.self, forKey: .refreshExpiresIn).map { .seconds($0) }
    scopes = try members.decodeIfPresent(Scopes.self, forKey: .scope) ?? []
    scheme = try members.decode(String.self, forKey: .scheme)
  }
}

extension IssuedTokens: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The scopes and lifetimes, without the tokens.
  public var description: String { "IssuedTokens(scopes: \"\(scopes)\", expiresIn: \(expiresIn), tokens redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["scopes": scopes, "expiresIn": expiresIn]) }
}

/// The facts about an active token (RFC 7662 §2.2).
public struct IntrospectedToken: Sendable, Hashable, Decodable {
  struct Activity: Decodable {
    var active: Bool
  }

  public var subject: String
  public var client: String
  public var scopes: Scopes
  public var tokenID: TokenID
  /// The time of issue in seconds since the epoch.
  public var issuedAt: Int64
  /// The end in seconds since the epoch.
  public var expiresAt: Int64

  private enum CodingKeys: String, CodingKey {
    case subject = "sub"
    case client = "client_id"
    case scopes = "scope"
    case tokenID = "jti"
    case issuedAt = "iat"
    case expiresAt = "exp"
  }
}
