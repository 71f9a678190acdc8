internal import HTTPTypes
internal import Hummingbird

/// Takes the body off every reply to `HEAD`, a refusal too, and leaves its headers (RFC 9110 §9.3.2): the client would take it for the next reply.
struct BodilessHead<Context: RequestContext>: RouterMiddleware {
  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let response = try await next(request, context)
    return request.method == .head ? response.createHeadResponse() : response
  }
}
