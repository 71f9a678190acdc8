public import Hummingbird

/// The context of the server's own routes; enough for an embedder who keeps nothing else in it.
public struct TokenRequestContext: AuthenticatedContext {
  public var coreContext: CoreRequestContextStorage
  public var bearer = BearerState.anonymous

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
  }
}
