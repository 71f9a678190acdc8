internal import HTTPTypes
public import Hummingbird

/// Lets requests through that pages of the server's own origin send, and answers 403 to others: what another site has a
/// browser send with its cookies (cross-site request forgery) is not looked at.
///
///     router.group("orders")
///       .add(middleware: SameOriginRequests(speaksTLS: true))
///       .post { request, context in ... }
///
/// A request passes with `Sec-Fetch-Site: same-origin` (Fetch Metadata), which no page can set itself. A browser that
/// sends no such header passes with an `Origin` equal to the server's own: scheme, host and port. One with neither does
/// not pass, and neither does one from a sibling subdomain or another port, which browsers call same-site. The safe
/// methods `GET`, `HEAD`, `OPTIONS` and `TRACE` pass always, since they change nothing (RFC 9110 §9.2.1): let no route
/// of yours change anything by them. Costs a comparison of a header.
///
/// This is no protection from a script in the page itself, nor from programs that are no browsers: these can write any
/// header, and have no cookie of somebody else.
public struct SameOriginRequests<Context: RequestContext>: RouterMiddleware {
  private let rule: SameOriginRule

  /// Creates the middleware.
  ///
  /// - Parameters:
  ///   - speaksTLS: Whether the server speaks TLS itself, so that its own origin begins with `https`.
  ///   - trustsProxy: Whether every connection comes from a proxy that sets or appends to `X-Forwarded-Proto` and
  ///     `X-Forwarded-Host`: the last entry of each is believed then.
  public init(speaksTLS: Bool, trustsProxy: Bool = false) {
    rule = SameOriginRule(speaksTLS: speaksTLS, trustsProxy: trustsProxy)
  }

  init(_ rule: SameOriginRule) {
    self.rule = rule
  }

  @concurrent
  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    switch request.method {
    case .get, .head, .options, .trace: break
    default: guard rule.accepts(request) else { return Response(.foreignOrigin) }
    }
    return try await next(request, context)
  }
}

/// The rule of which requests come from a page of the server's own origin: the one place that has it, for cookie
/// delivery, for the console, and for ``SameOriginRequests``.
package struct SameOriginRule: Sendable {
  let speaksTLS: Bool
  let trustsProxy: Bool

  init(speaksTLS: Bool, trustsProxy: Bool) {
    self.speaksTLS = speaksTLS
    self.trustsProxy = trustsProxy
  }

  package init(_ options: ServerOptions) {
    self.init(speaksTLS: options.certificate != nil, trustsProxy: options.trustsProxy)
  }

  /// Decides by what the browser says of the page, and only without that by the `Origin`.
  ///
  /// A header that came twice is none of the accepted values, since both come joined by a comma.
  package func accepts(_ request: Request) -> Bool {
    if let name = HTTPField.Name.fetchSite, let site = request.headers[name] { return site == "same-origin" }
    guard let origin = request.headers[.origin].flatMap({ WebOrigin($0) }) else { return false }
    return origin == own(request)
  }

  /// Returns true if the browser reached the server by TLS, here or at the proxy in front.
  package func isSecure(_ request: Request) -> Bool {
    speaksTLS || forwarded(.forwardedProto, of: request) == "https"
  }

  private func own(_ request: Request) -> WebOrigin? {
    let host = forwarded(.forwardedHost, of: request) ?? request.head.authority?.lowercased()
    return host.flatMap { WebOrigin("\(isSecure(request) ? "https" : "http")://\($0)") }
  }

  /// The last entry, which the proxy wrote, in lower case; nil without a trusted proxy.
  private func forwarded(_ name: HTTPField.Name?, of request: Request) -> String? {
    trustsProxy ? request.last(name)?.lowercased() : nil
  }
}

extension HTTPField.Name {
  static let fetchSite = HTTPField.Name("Sec-Fetch-Site")
}
