public import TokenLedger

/// An access token for a client itself; no session stands behind it, and no refresh token renews it.
public struct ClientToken: Sendable, Hashable {
  public var accessToken: String
  /// Seconds until it ends, rounded up.
  public var expiresInSeconds: Int64
  public var scopes: Scopes
  public var tokenID: TokenID
}

/// The answer to a client that asks for a token of its own.
public enum ClientGrantOutcome: Sendable, Hashable {
  case granted(ClientToken)
  case refused(GrantRefusal)
}
