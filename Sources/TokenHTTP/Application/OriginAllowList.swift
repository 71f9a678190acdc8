internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Lets pages of some origins read the replies of the routes that a browser has a use for (Fetch standard, CORS); without credentials, since no
/// such route takes a cookie.
struct OriginAllowList<Context: RequestContext>: RouterMiddleware {
  private let origins: Set<String>
  private let paths: Set<String>
  private let allowed = CORSMiddleware<Context>(
    allowOrigin: .originBased, allowHeaders: [.authorization, .contentType], allowMethods: [.get, .head, .post],
    exposedHeaders: ["Retry-After", "WWW-Authenticate"], maxAge: .seconds(600))

  private static var names: [String] {
    ["/token", "/revoke", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json", "/me", "/public"]
  }

  /// - Parameter metadataPath: where the metadata are beside the route below the prefix.
  init(origins: Set<String>, pathPrefix: String, metadataPath: String?) {
    self.origins = origins
    paths = Set(Self.names.map { pathPrefix + $0 } + [metadataPath].compactMap(\.self))
  }

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard paths.contains(request.uri.path) else { return try await next(request, context) }
    if let origin = request.headers[.origin], origins.contains(origin) {
      return try await allowed.handle(request, context: context, next: next)
    }
    var response = try await next(request, context)
    // A cache must not give this reply to a page that is allowed.
    response.headers[.vary] = "Origin"
    return response
  }
}
