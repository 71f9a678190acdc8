internal import Hummingbird

/// Finds nothing at a path with an empty segment, which the router passes over: a proxy that holds back `/metrics` or `/admin` must not let
/// `/metrics/` and `//admin/sessions` through to them.
struct PlainPaths<Context: RequestContext>: RouterMiddleware {
  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let path = request.uri.path.utf8
    let slash = UInt8(ascii: "/")
    let isPlain =
      zip(path, path.dropFirst()).allSatisfy { $0 != slash || $1 != slash } && (path.last != slash || path.count == 1)
    guard isPlain else { throw HTTPError(.notFound) }
    return try await next(request, context)
  }
}
