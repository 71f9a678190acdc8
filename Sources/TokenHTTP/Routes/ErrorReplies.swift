internal import HTTPTypes
internal import Hummingbird

/// The replies to what no route has answered, mostly an unknown path, in JSON that is not stored.
struct ErrorReplies<Context: RequestContext>: Sendable {
  let wire: any TokenWire
  let pathPrefix: String
  let methods: MethodRefusal<Context>

  /// Throws errors of the connection again: there is nobody to answer.
  func reply(to error: any Error, _ request: Request, _ context: Context) throws -> Response {
    switch error {
    case let refusal as BearerRefusal: return refusal.response(from: request, context: context)
    case let error as any HTTPResponseError:
      let known = error.status == .notFound ? methods.reply(toPath: request.uri.path, pathPrefix: pathPrefix) : nil
      let reply = known ?? wire.unanswered(error.status)
      return request.method == .head ? reply.createHeadResponse() : reply
    default: throw error
    }
  }
}
