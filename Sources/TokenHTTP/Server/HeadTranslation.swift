internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1

/// Translates the parser's HTTP/1 for the server behind it, and its replies back.
///
/// The handler takes the place of the translation that the server brings, which reads every path as a URL to find out
/// that it is none.
final class HeadTranslation: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      let request: HTTPRequest
      do { request = try HTTPRequest(translating: head) } catch { return context.fireErrorCaught(error) }
      context.fireChannelRead(wrapInboundOut(.head(request)))
    case .body(let bytes):
      context.fireChannelRead(wrapInboundOut(.body(bytes)))
    case .end(let trailers):
      context.fireChannelRead(wrapInboundOut(.end(trailers.map { HTTPFields($0, splitCookie: false) })))
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      context.write(wrapOutboundOut(.head(HTTPResponseHead(head))), promise: promise)
    case .body(let bytes):
      context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: promise)
    case .end(let trailers):
      context.write(wrapOutboundOut(.end(trailers.map { HTTPHeaders($0) })), promise: promise)
    }
  }
}

extension HTTPRequest {
  /// Makes the request that the library's translation makes.
  ///
  /// A target that begins with a slash has no scheme, and is the path itself; in any other the library looks for the
  /// path.
  init(translating head: HTTPRequestHead) throws {
    guard head.uri.utf8.first == UInt8(ascii: "/") else {
      try self.init(head, secure: false, splitCookie: false)
      return
    }
    self.init(
      method: try HTTPRequest.Method(head.method), scheme: "http", authority: head.headers.first(name: "host"),
      path: head.uri, headerFields: HTTPFields(head.headers, splitCookie: false))
  }
}
