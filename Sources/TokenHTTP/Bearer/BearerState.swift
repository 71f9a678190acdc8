public import TokenEngine

/// What a request's `Authorization: Bearer` came to. A rejected bearer is no error until a route asks for a good one.
public enum BearerState: Sendable, Hashable {
  /// The request brought no bearer.
  case anonymous
  case authenticated(AccessToken)
  case rejected(BadToken)

  /// The verified token, where there is one.
  public var accessToken: AccessToken? {
    if case .authenticated(let token) = self { token } else { nil }
  }
}
