internal import Hummingbird
internal import TokenEngine

/// How `POST /token` speaks.
public enum WireFormat: String, Sendable, Hashable, CaseIterable {
  /// RFC 6749: clients authenticate, errors are those of its §5.2.
  case standard
  /// As the `/api/token` of rommapp/romm: no client authentication, `expires` beside `expires_in`, errors as
  /// `{"detail": "..."}`.
  case romm
}

extension WireFormat {
  /// The reply that hands out a pair.
  func reply(to pair: TokenPair) -> Response {
    var body = JSONObjectWriter(capacity: pair.accessToken.utf8.count + pair.refreshToken.utf8.count + 256)
    body.add("access_token", pair.accessToken)
    switch self {
    case .standard: body.add("token_type", "Bearer")
    case .romm: body.add("token_type", "bearer")
    }
    body.add("expires_in", pair.expiresInSeconds)
    body.add("refresh_token", pair.refreshToken)
    body.add("refresh_expires_in", pair.refreshExpiresInSeconds)
    if self == .romm {
      body.add("expires", pair.expiresInSeconds)
      body.add("refresh_expires", pair.refreshExpiresInSeconds)
    }
    body.add("scope", pair.scopes.text)
    return Response(status: .ok, json: body)
  }

  /// The reply that hands out a client's own token: no refresh token goes with it (RFC 6749 §4.4.3).
  func reply(to token: ClientToken) -> Response {
    var body = JSONObjectWriter(capacity: token.accessToken.utf8.count + 128)
    body.add("access_token", token.accessToken)
    body.add("token_type", "Bearer")
    body.add("expires_in", token.expiresInSeconds)
    body.add("scope", token.scopes.text)
    return Response(status: .ok, json: body)
  }
}
