internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Lets pages of some origins read the replies of the routes that a browser has a use for (Fetch standard, CORS); without credentials, since no
/// route takes a cookie.
struct OriginAllowList<Context: RequestContext>: RouterMiddleware {
  private let origins: Set<String>
  private let pathPrefix: String
  private let allowed = CORSMiddleware<Context>(
    allowOrigin: .originBased, allowHeaders: [.authorization, .contentType], allowMethods: [.get, .head, .post],
    exposedHeaders: ["Retry-After", "WWW-Authenticate"], maxAge: .seconds(600))

  private static var paths: Set<Substring> {
    ["/token", "/revoke", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json", "/me", "/public"]
  }

  init(origins: Set<String>, pathPrefix: String) {
    self.origins = origins
    self.pathPrefix = pathPrefix
  }

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard let origin = request.headers[.origin], origins.contains(origin), request.uri.path.hasPrefix(pathPrefix),
      Self.paths.contains(request.uri.path.dropFirst(pathPrefix.count))
    else { return try await next(request, context) }
    return try await allowed.handle(request, context: context, next: next)
  }
}
