import GRPCCore
import TokenVerification

// docs:interceptor
/// The caller, for the duration of the call.
enum Caller {
  @TaskLocal static var current: AccessToken?
}

/// Lets a call pass only with a good access token that has the scope.
struct AuthorizationInterceptor: ServerInterceptor {
  /// The engine, or in another process an `AccessTokenVerifier`.
  var verifier: any BearerVerifier
  var scope: String

  // The two `@concurrent` are for programs with the upcoming feature NonisolatedNonsendingByDefault, which gRPC is
  // compiled without.
  @concurrent
  func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next:
      @concurrent @Sendable (
        StreamingServerRequest<Input>, ServerContext
      ) async throws -> StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    let caller: AccessToken
    do {
      let values = request.metadata[stringValues: "authorization"]
      caller = try await verifier.verify(PresentedBearer(authorization: Array(values)))
    } catch {
      switch error {
      // Nobody can say now if the token is good: the caller can try again.
      case .badToken(.unverifiable): throw RPCError(code: .unavailable, message: "access tokens cannot be judged now")
      case .badToken(.expired): throw RPCError(code: .unauthenticated, message: "the access token has expired")
      // Why it is refused is for this server's log alone. A token that is bound to a key is too: a call has no proof.
      default: throw RPCError(code: .unauthenticated, message: "the call needs a good access token")
      }
    }
    guard caller.scopes.contains(scope) else {
      throw RPCError(code: .permissionDenied, message: "scope \(scope) is missing")
    }
    var response = try await Caller.$current.withValue(caller) { try await next(request, context) }
    // gRPC asks for the messages of a response after this function has returned: the caller must still be set then.
    if case .success(var contents) = response.accepted {
      let produce = contents.producer
      contents.producer = { writer in try await Caller.$current.withValue(caller) { try await produce(writer) } }
      response.accepted = .success(contents)
    }
    return response
  }
}
// docs:end
