package import TokenEngine
internal import TokenLedger

/// The reason why a client's refresh tokens cannot be delivered in cookies.
@nonexhaustive
public enum CookieClientFault: Error, Sendable, Hashable, CustomStringConvertible {
  case unknown(client: String)
  /// The client has a secret, which a page cannot have.
  case confidential(client: String)
  /// The client may not use the grant `refresh_token`.
  case withoutRefresh(client: String)
  /// The grace window is not within ``Limits/cookieGrace``. `isOwn` tells if it is the client's own.
  case shortGrace(client: String, grace: Duration, isOwn: Bool)

  /// Returns the client if it is fit, and throws the fault if not.
  ///
  /// - Parameter grace: The window of clients without one of their own.
  package static func check(_ client: Client?, id: String, grace: Duration) throws(CookieClientFault) -> Client {
    guard let client else { throw .unknown(client: id) }
    guard client.isPublic else { throw .confidential(client: id) }
    guard client.grants.contains(.refreshToken) else { throw .withoutRefresh(client: id) }
    let window = client.grace ?? grace
    guard Limits.cookieGrace.range.contains(window) else {
      throw .shortGrace(client: id, grace: window, isOwn: client.grace != nil)
    }
    return client
  }

  public var description: String {
    switch self {
    case .unknown(let client): "there is no client \(client) to deliver cookies for"
    case .confidential(let client): "the client \(client) has a secret, and cookies are for a public one"
    case .withoutRefresh(let client): "the client \(client) may not use the grant refresh_token"
    case .shortGrace(let client, let grace, let isOwn):
      "the grace window of the client \(client) is \(DurationText.format(grace) ?? "\(grace)")\(isOwn ? ", its own" : "")"
        + ", and cookies need one \(Limits.cookieGrace.text), so that two tabs can share a rotation"
    }
  }
}
