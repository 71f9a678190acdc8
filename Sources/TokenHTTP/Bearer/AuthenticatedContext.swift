public import Hummingbird

/// A request context with room for what ``BearerAuthenticator`` found.
public protocol AuthenticatedContext: RequestContext {
  /// ``BearerState/anonymous`` until ``BearerAuthenticator`` has looked at the request.
  var bearer: BearerState { get set }
}
