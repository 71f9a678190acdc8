public import RotationModel

/// An access token and the refresh token that renews it.
///
/// Printing, dumping or interpolating the pair shows neither.
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
  /// The thumbprint of the key that the access token is bound to (RFC 9449), or nil if it is a bearer token.
  public var keyThumbprint: String?
}

extension TokenPair {
  /// The `token_type` of the access token: `DPoP` if it is bound to a key, or else `Bearer`.
  public var tokenType: String { keyThumbprint == nil ? "Bearer" : "DPoP" }
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

/// An access token for a client itself, without a session or a refresh token.
///
/// Printing, dumping or interpolating it does not show its text.
public struct ClientToken: Sendable, Hashable {
  public var accessToken: String
  /// The seconds until the token expires, rounded up.
  public var expiresInSeconds: Int64
  public var scopes: Scopes
  public var tokenID: TokenID
  /// The thumbprint of the key that the token is bound to (RFC 9449), or nil if it is a bearer token.
  public var keyThumbprint: String?
}

extension ClientToken {
  /// The `token_type` of the token: `DPoP` if it is bound to a key, or else `Bearer`.
  public var tokenType: String { keyThumbprint == nil ? "Bearer" : "DPoP" }
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
