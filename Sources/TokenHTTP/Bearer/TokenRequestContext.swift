public import Hummingbird
public import NIOCore

/// The context of the server's own routes; enough for an embedder who keeps nothing else in it.
public struct TokenRequestContext: AuthenticatedContext, RemoteAddressRequestContext {
  public var coreContext: CoreRequestContextStorage
  public var bearer = BearerState.anonymous
  public let remoteAddress: SocketAddress?

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    remoteAddress = source.channel.remoteAddress
  }
}
