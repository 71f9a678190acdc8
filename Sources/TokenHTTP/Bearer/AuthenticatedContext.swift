public import Hummingbird
public import NIOCore
public import TokenEngine

/// The result of verifying a request's `Authorization: Bearer` or `DPoP`.
///
/// A rejected bearer is no error until a route asks for a good one.
@nonexhaustive
public enum BearerState: Sendable, Hashable {
  /// The request brought no bearer.
  case anonymous
  case authenticated(AccessToken)
  case rejected(BadToken)
  /// The access token is good and bound to a key, and its proof is missing or refused (RFC 9449 §7.1).
  case unproven(BadProof)

  /// The verified token, if there is one.
  public var accessToken: AccessToken? {
    if case .authenticated(let token) = self { token } else { nil }
  }
}

/// A request context with room for the findings of ``BearerAuthenticator``.
public protocol AuthenticatedContext: RequestContext {
  /// The bearer of the request: ``BearerState/anonymous`` until ``BearerAuthenticator`` has verified it.
  var bearer: BearerState { get set }
}

/// The context of the server's own routes; enough for embedders who keep nothing else in it.
public struct TokenRequestContext: AuthenticatedContext, RemoteAddressRequestContext, ConnectionContext {
  public var coreContext: CoreRequestContextStorage
  public var bearer = BearerState.anonymous
  public let remoteAddress: SocketAddress?
  let channel: any Channel

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    remoteAddress = source.channel.remoteAddress
    channel = source.channel
  }
}
