public import TokenLedger

/// An access token for a client itself; no session stands behind it, and no refresh token renews it. Printed, dumped or interpolated it does not show
/// its text.
public struct ClientToken: Sendable, Hashable {
  public var accessToken: String
  /// Seconds until it ends, rounded up.
  public var expiresInSeconds: Int64
  public var scopes: Scopes
  public var tokenID: TokenID
}

extension ClientToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Id, scope and lifetime, without the token.
  public var description: String {
    "ClientToken(tokenID: \(tokenID), scopes: \"\(scopes)\", expiresInSeconds: \(expiresInSeconds), token redacted)"
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror {
    Mirror(self, children: ["tokenID": tokenID, "scopes": scopes, "expiresInSeconds": expiresInSeconds])
  }
}

/// The answer to a client that asks for a token of its own.
public enum ClientGrantOutcome: Sendable, Hashable {
  case granted(ClientToken)
  case refused(GrantRefusal)
}
