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
  /// The grace window is not within ``Limits/cookieGrace``; `isOwn` tells if it is the client's own.
  case shortGrace(client: String, grace: Duration, isOwn: Bool)
  /// The client, or the engine, asks for proofs of keys, which a page behind a cookie does not send; `isOwn` tells if
  /// it is the client.
  case needsProof(client: String, isOwn: Bool)
  /// Browsers would not send a cookie of this path to the refresh route and the log-out.
  case otherPath(String)

  /// Checks that the refresh tokens of a client can be delivered in cookies.
  ///
  /// - Parameters:
  ///   - client: The client that the store has of the id, or nil if it has none.
  ///   - id: The id, which the fault names.
  ///   - options: The engine's, with its policy for proofs and the grace window of clients without one of their own.
  /// - Returns: The client, which is there and fit.
  /// - Throws: ``CookieClientFault`` for the first reason that is found why it is not.
  package static func check(
    _ client: Client?, id: String, options: EngineOptions
  ) throws(CookieClientFault) -> Client {
    guard let client else { throw .unknown(client: id) }
    guard client.isPublic else { throw .confidential(client: id) }
    guard client.grants.contains(.refreshToken) else { throw .withoutRefresh(client: id) }
    guard !client.requiresProof else { throw .needsProof(client: id, isOwn: true) }
    guard options.dpop.mode != .required else { throw .needsProof(client: id, isOwn: false) }
    let window = client.grace ?? options.grace
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
    case .needsProof(let client, true):
      "the client \(client) must send proofs of a key, and pages with a cookie send none"
    case .needsProof(let client, false):
      "every client must send proofs of a key, and the pages of the client \(client), with a cookie, send none"
    case .otherPath(let path):
      "the cookie's path \(path) is that of the log-in or the log-out alone; name the path above the routes"
    }
  }
}
