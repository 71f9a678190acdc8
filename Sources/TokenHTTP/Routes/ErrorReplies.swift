internal import HTTPTypes
internal import Hummingbird

/// Answers what no route has answered, mostly an unknown path, in JSON that is not stored.
///
/// Errors of the connection pass through: there is nobody to answer.
struct ErrorReplies<Context: RequestContext>: RouterMiddleware {
  let wire: any TokenWire
  let pathPrefix: String
  let methods: MethodRefusal<Context>

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let refusal as BearerRefusal {
      return refusal.response(from: request, context: context)
    } catch let error as any HTTPResponseError {
      let known = error.status == .notFound ? methods.reply(toPath: request.uri.path, pathPrefix: pathPrefix) : nil
      let reply = known ?? wire.unanswered(error.status)
      return request.method == .head ? reply.createHeadResponse() : reply
    }
  }
}

/// Finds nothing at a path with an empty segment, which the router ignores: a proxy that holds back `/metrics` or
/// `/admin` must not let `/metrics/` and `//admin/sessions` through to them.
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
