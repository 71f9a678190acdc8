internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Reads a body before it passes the request on, so that nothing behind it is held up by a client that sends slowly.
///
/// A body past the bound is passed on unread: each route answers 413 in its own words.
struct BufferedBody<Context: RequestContext>: RouterMiddleware {
  let bytesMax: Int

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var request = request
    guard !request.announcesBody(over: bytesMax) else { return try await next(request, context) }
    var bytes = ByteBuffer()
    for try await part in request.body {
      var part = part
      bytes.writeBuffer(&part)
      // One byte past the bound is enough to be refused, and to remember no more.
      if bytes.readableBytes > bytesMax { break }
    }
    request.body = RequestBody(buffer: bytes)
    return try await next(request, context)
  }
}
