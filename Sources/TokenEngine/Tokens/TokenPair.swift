public import RotationModel

/// An access token and the refresh token that renews it. Printing, dumping or interpolating the pair shows neither.
public struct TokenPair: Sendable, Hashable {
  public var accessToken: String
  public var refreshToken: String
  /// The seconds until the access token expires, rounded up.
  public var expiresInSeconds: Int64
  /// The seconds until the refresh token expires if it is not used, rounded up.
  public var refreshExpiresInSeconds: Int64
  /// The scope of the access token.
  public var scopes: Scopes
  public var session: SessionID
}

extension TokenPair: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The session, scope and lifetimes, without the tokens.
  public var description: String {
    "TokenPair(session: \(session), scopes: \"\(scopes)\", expiresInSeconds: \(expiresInSeconds), "
      + "refreshExpiresInSeconds: \(refreshExpiresInSeconds), tokens redacted)"
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror {
    Mirror(
      self,
      children: [
        "session": session, "scopes": scopes, "expiresInSeconds": expiresInSeconds,
        "refreshExpiresInSeconds": refreshExpiresInSeconds,
      ])
  }
}

/// An access token for a client itself, without a session or a refresh token. Printing, dumping or interpolating it
/// does not show its text.
public struct ClientToken: Sendable, Hashable {
  public var accessToken: String
  /// The seconds until the token expires, rounded up.
  public var expiresInSeconds: Int64
  public var scopes: Scopes
  public var tokenID: TokenID
}

extension ClientToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The id, scope and lifetime, without the token.
  public var description: String {
    "ClientToken(tokenID: \(tokenID), scopes: \"\(scopes)\", expiresInSeconds: \(expiresInSeconds), token redacted)"
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror {
    Mirror(self, children: ["tokenID": tokenID, "scopes": scopes, "expiresInSeconds": expiresInSeconds])
  }
}

/// The answer to a request for tokens.
public enum GrantResult<Tokens: Sendable & Hashable>: Sendable, Hashable {
  case granted(Tokens)
  case refused(GrantRefusal)

  /// The refusal, or nil if the tokens were granted.
  public var refusal: GrantRefusal? { if case .refused(let refusal) = self { refusal } else { nil } }
}

public typealias GrantOutcome = GrantResult<TokenPair>

/// The answer to a client that asks for a token of its own.
public typealias ClientGrantOutcome = GrantResult<ClientToken>

/// An access token that was verified: signature, type, issuer, audience, time, and that neither it nor its session is
/// revoked.
public struct AccessToken: Sendable, Hashable {
  public var subject: String
  public var client: String
  public var scopes: Scopes
  public var tokenID: TokenID
  /// The time of issue in seconds since the epoch.
  public var issuedAt: Int64
  /// The end in seconds since the epoch.
  public var expiresAt: Int64
  /// The JSON members beside the standard claims, without braces.
  let customMembers: [UInt8]
}
