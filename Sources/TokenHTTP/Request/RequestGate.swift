internal import HTTPTypes
internal import Hummingbird

/// The layer that every request to the server passes: span, metrics, origins, and the replies where no route answers.
///
/// One layer does all of this, since each costs every request some microseconds.
struct RequestGate<Context: RequestContext>: RouterMiddleware {
  /// The span around each request, or nil if there is no tracer.
  let tracing: RequestTracing?
  let metrics: RequestMetrics?
  /// The origins whose pages can read replies, or nil if none is listed.
  let origins: OriginAllowList?
  let errors: ErrorReplies<Context>

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard let tracing else { return try await answer(request, context, next) }
    return try await tracing.trace(request, context) { try await answer(request, context, next) }
  }

  @inline(__always)
  private func answer(
    _ request: Request, _ context: Context, _ next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let began = metrics.map { _ in ContinuousClock.now }
    var response: Response
    if let preflight = origins?.preflight(request) {
      response = preflight
    } else {
      do {
        // A proxy that holds back `/metrics` or `/admin` must not let `/metrics/` and `//admin/sessions` through to
        // them, which the router takes for the same.
        guard request.uri.path.isPlain else { throw HTTPError(.notFound) }
        response = try await next(request, context)
      } catch {
        response = try errors.reply(to: error, request, context)
      }
      origins?.amend(&response, to: request)
    }
    // What is thrown through here is the connection's end, which is no reply.
    if let metrics, let began {
      metrics.note(route: context.endpointPath, response.status, within: ContinuousClock.now - began)
    }
    return response
  }
}

extension String {
  /// True if no segment of this path is empty, the one before the first slash excepted.
  fileprivate var isPlain: Bool {
    let slash = UInt8(ascii: "/")
    var last: UInt8 = 0
    for byte in utf8 {
      if byte == slash, last == slash { return false }
      last = byte
    }
    return last != slash || utf8.count == 1
  }
}
