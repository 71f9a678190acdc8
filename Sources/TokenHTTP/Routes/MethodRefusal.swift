internal import HTTPTypes
internal import Hummingbird

/// The replies to the methods that a route does not have: they name those it has (RFC 9110 §15.5.6), whatever bearer or
/// secret came.
struct MethodRefusal<Context: RequestContext>: Sendable {
  let routes: [(RouterPath, [HTTPRequest.Method])]
  let wire: any TokenWire

  private static var methods: [HTTPRequest.Method] {
    [.get, .head, .post, .put, .delete, .patch, .options, .trace, .connect]
  }

  /// Adds the refusals as routes, for the methods that everybody knows.
  ///
  /// The group must have no middleware of ours.
  func add(to root: RouterGroup<Context>) {
    for (path, allowed) in routes {
      for method in Self.methods where !allowed.contains(method) {
        root.on(path, method: method) { _, _ in reply(allowed) }
      }
    }
  }

  /// The reply to a request that no route took, if its path is one of ours: its method is one that nobody knows.
  func reply(toPath path: String, pathPrefix: String) -> Response? {
    let rest = path.dropFirst(pathPrefix.count)
    guard path.hasPrefix(pathPrefix), rest.hasPrefix("/") else { return nil }
    let parts = rest.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    let found = routes.first { route, _ in
      let pattern = route.description.split(separator: "/")
      return pattern.count == parts.count && zip(pattern, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
    return found.map { reply($0.1) }
  }

  private func reply(_ allowed: [HTTPRequest.Method]) -> Response {
    let names = allowed.map(\.rawValue).joined(separator: ", ")
    var response = wire.methodNotAllowed(allowed: names)
    response.headers[.allow] = names
    return response
  }
}

/// Removes the body of every reply to `HEAD`, refusals too, and leaves its headers (RFC 9110 §9.3.2): the client would
/// take the body for the next reply.
struct BodilessHead<Context: RequestContext>: RouterMiddleware {
  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let response = try await next(request, context)
    return request.method == .head ? response.createHeadResponse() : response
  }
}
