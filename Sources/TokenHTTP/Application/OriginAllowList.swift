internal import HTTPTypes
internal import Hummingbird

/// Lets pages of some origins read the replies of the routes that a browser has a use for (Fetch standard, CORS); without credentials, since no
/// such route takes a cookie.
struct OriginAllowList<Context: RequestContext>: RouterMiddleware {
  private let origins: Set<WebOrigin>
  private let paths: Set<String>
  private let preflightHeaders: HTTPFields

  /// What pages read of a reply besides its body: when to come again, and why a token was refused.
  private static var exposed: String { "Retry-After, WWW-Authenticate" }

  private static var names: [String] {
    ["/token", "/revoke", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json", "/me", "/public"]
  }

  /// - Parameters:
  ///   - headers: what pages may send besides `Authorization` and `Content-Type`.
  ///   - metadataPath: where the metadata are beside the route below the prefix.
  init(origins: Set<String>, headers: Set<String>, pathPrefix: String, metadataPath: String?) {
    self.origins = Set(origins.compactMap { WebOrigin($0) })
    paths = Set(Self.names.map { pathPrefix + $0 } + [metadataPath].compactMap(\.self))
    let allowed = ["authorization", "content-type"]
    preflightHeaders = [
      .accessControlAllowMethods: "GET, HEAD, POST",
      .accessControlAllowHeaders: (allowed + headers.subtracting(allowed).sorted()).joined(separator: ", "),
      .accessControlMaxAge: "600",
    ]
  }

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard paths.contains(request.uri.path) else { return try await next(request, context) }
    // Two values are none of an origin: they come joined by a comma.
    let origin = request.headers[.origin].flatMap { text in
      WebOrigin(text).flatMap { origins.contains($0) ? text : nil }
    }
    var response: Response
    if origin != nil, request.method == .options {
      response = Response(status: .noContent, headers: preflightHeaders)
    } else {
      response = try await next(request, context)
      if origin != nil { response.headers[.accessControlExposeHeaders] = Self.exposed }
    }
    response.headers[.accessControlAllowOrigin] = origin
    // A cache must not give a reply for one origin, or none, to a page of another.
    response.headers[values: .vary].append("Origin")
    return response
  }
}
