public import TokenEngine

/// Why a request's access token is not good enough (RFC 6750 §3.1).
public enum BearerFault: Error, Sendable, Hashable {
  /// The request brought no bearer: the client has done nothing wrong.
  case missing
  case rejected(BadToken)
  /// The token is good, and lacks some of these scopes.
  case insufficientScope(Scopes)
}

extension BearerState {
  /// The verified token, with all of these scopes.
  func required(scopes: Scopes? = nil) throws(BearerFault) -> AccessToken {
    switch self {
    case .anonymous: throw .missing
    case .rejected(let fault): throw .rejected(fault)
    case .authenticated(let token):
      if let scopes, !scopes.isSubset(of: token.scopes) { throw .insufficientScope(scopes) }
      return token
    }
  }
}
