/// The tokens of a session with the times of their ends, for a program to store.
///
/// Printing, dumping or interpolating them shows neither token; their encoded form holds both.
public struct SessionTokens: Sendable, Hashable, Codable {
  public var accessToken: String
  /// The refresh token, or nil for a client's own token.
  public var refreshToken: String?
  /// The end of the access token, by this machine's wall clock.
  public var accessEnd: Timestamp
  /// The end of the refresh token if it is not used; nil without one.
  public var refreshEnd: Timestamp?
  /// The scopes of the access token.
  public var scopes: Scopes
  /// The scheme with which the access token is presented: `Bearer`, or `DPoP` if it is bound to the client's key.
  public var scheme: String

  public init(
    accessToken: String, refreshToken: String?, accessEnd: Timestamp, refreshEnd: Timestamp?, scopes: Scopes,
    scheme: String = "Bearer"
  ) {
    self.accessToken = accessToken
    self.refreshToken = refreshToken
    self.accessEnd = accessEnd
    self.refreshEnd = refreshEnd
    self.scopes = scopes
    self.scheme = scheme
  }

  /// Creates tokens from a reply.
  ///
  /// The reply came at `now`, or later. The given refresh token stays if the reply has none (RFC 6749 §6).
  init(_ issued: IssuedTokens, at now: Timestamp, keeping refreshToken: String? = nil) {
    func end(_ lifetime: Duration) -> Timestamp { now.advanced(byMilliseconds: lifetime.wholeMilliseconds) }
    self.init(
      accessToken: issued.accessToken, refreshToken: issued.refreshToken ?? refreshToken,
      accessEnd: end(issued.expiresIn), refreshEnd: issued.refreshExpiresIn.map(end), scopes: issued.scopes,
      scheme: issued.scheme)
  }
}

extension SessionTokens {
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      accessToken: try members.decode(String.self, forKey: .accessToken),
      refreshToken: try members.decodeIfPresent(String.self, forKey: .refreshToken),
      accessEnd: try members.decode(Timestamp.self, forKey: .accessEnd),
      refreshEnd: try members.decodeIfPresent(Timestamp.self, forKey: .refreshEnd),
      scopes: try members.decode(Scopes.self, forKey: .scopes),
      // Programs that stored tokens before there were others have bearer tokens.
      scheme: try members.decodeIfPresent(String.self, forKey: .scheme) ?? "Bearer")
  }
}

extension SessionTokens: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The scopes and ends, without the tokens.
  public var description: String { "SessionTokens(scopes: \"\(scopes)\", accessEnd: \(accessEnd), tokens redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["scopes": scopes, "accessEnd": accessEnd]) }
}
