/// The tokens of a reply.
///
/// Printing, dumping or interpolating them shows neither.
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
  /// The scheme with which the access token is presented: `Bearer`, or `DPoP` if it is bound to the client's key.
  public var scheme: String

  public init(
    accessToken: String, refreshToken: String?, expiresIn: Duration, refreshExpiresIn: Duration?, scopes: Scopes,
    scheme: String = "Bearer"
  ) {
    self.accessToken = accessToken
    self.refreshToken = refreshToken
    self.expiresIn = expiresIn
    self.refreshExpiresIn = refreshExpiresIn
    self.scopes = scopes
    self.scheme = scheme
  }
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
    expiresIn = try Self.lifetime(try members.decode(Int64.self, forKey: .expiresIn), .expiresIn, members)
    refreshExpiresIn = try members.decodeIfPresent(Int64.self, forKey: .refreshExpiresIn).map {
      try Self.lifetime($0, .refreshExpiresIn, members)
    }
    scopes = try members.decodeIfPresent(Scopes.self, forKey: .scope) ?? []
    scheme = try members.decode(String.self, forKey: .scheme)
  }

  /// The longest lifetime in seconds: longer than any of the server's, and short enough for every clock.
  private static let secondsMax: Int64 = 100 * 366 * 86_400

  private static func lifetime(
    _ seconds: Int64, _ member: Member, _ members: KeyedDecodingContainer<Member>
  ) throws -> Duration {
    guard (0...secondsMax).contains(seconds) else {
      throw DecodingError.dataCorruptedError(forKey: member, in: members, debugDescription: "no lifetime of a token")
    }
    return .seconds(seconds)
  }
}

extension IssuedTokens: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The scopes and lifetimes, without the tokens.
  public var description: String { "IssuedTokens(scopes: \"\(scopes)\", expiresIn: \(expiresIn), tokens redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["scopes": scopes, "expiresIn": expiresIn]) }
}

/// The facts about an active token (RFC 7662 §2.2).
///
/// Whoever takes requests with the token compares ``audience`` with its own name and, if ``keyThumbprint`` is there,
/// asks for a proof of that key: a bound token is not a bearer token.
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
  public var issuer: String?
  public var audience: String?
  /// The scheme with which an access token is presented, `Bearer` or `DPoP`; nil for a refresh token.
  public var scheme: String?
  /// The thumbprint of the key that the token is bound to (RFC 9449 §6.2), or nil for a bearer token.
  public var keyThumbprint: String? { confirmation?.keyThumbprint }

  private var confirmation: Confirmation?

  private struct Confirmation: Sendable, Hashable, Decodable {
    var keyThumbprint: String?

    private enum CodingKeys: String, CodingKey {
      case keyThumbprint = "jkt"
    }
  }

  private enum CodingKeys: String, CodingKey {
    case subject = "sub"
    case issuer = "iss"
    case audience = "aud"
    case scheme = "token_type"
    case confirmation = "cnf"
    case client = "client_id"
    case scopes = "scope"
    case tokenID = "jti"
    case issuedAt = "iat"
    case expiresAt = "exp"
  }
}
