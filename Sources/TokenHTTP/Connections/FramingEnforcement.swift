internal import NIOCore
internal import NIOHTTP1

/// Holds a connection of HTTP/1 to ``FramingRules``; stands right behind the parser.
///
/// What is refused is told on as a fault of the parser's, and answered as these are: 400, and the end of the connection. Nothing that comes after a
/// refusal, or after the last request, is looked at.
final class FramingEnforcement: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let bytes: RequestBytesBound
  private let bodyBytesMax: Int
  private var isReading = false
  private var isLast = false
  /// Nothing that comes is looked at any more.
  private var isOver = false
  private var repliesDue = 0

  /// How many requests may wait for their replies; each that does takes memory.
  static let pipelinedMax = 16

  /// - Parameter bodyBytesMax: a body that is announced as longer is not read; the route answers 413.
  init(bytes: RequestBytesBound, bodyBytesMax: Int) {
    self.bytes = bytes
    self.bodyBytesMax = bodyBytesMax
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isOver else { return }
    switch unwrapInboundIn(data) {
    case .head(let head): read(head, context)
    case .body: context.fireChannelRead(data)
    case .end:
      isReading = false
      isOver = isLast
      bytes.reset()
      context.fireChannelRead(data)
    }
  }

  private func read(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    guard case .pass(let isLast, let awaitsContinue) = FramingRules.verdict(on: head) else {
      isOver = true
      context.fireErrorCaught(HTTPParserError.unknown)
      return
    }
    var head = head
    self.isLast = isLast || repliesDue + 1 >= Self.pipelinedMax
    // What ends the connection behind us too.
    if self.isLast { head.headers.replaceOrAdd(name: "connection", value: "close") }
    isReading = true
    let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
    if length > bodyBytesMax { bytes.discard() }
    if length <= bodyBytesMax && awaitsContinue && repliesDue == 0 {
      context.writeAndFlush(
        wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }
    repliesDue += 1
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !isOver else { return }
    context.fireErrorCaught(error)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      // A reply to a request whose body is not read is the last: where the next would begin is not worth waiting for.
      if repliesDue == 1 && (isLast || isReading) { head.headers.replaceOrAdd(name: "connection", value: "close") }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      repliesDue -= 1
      context.write(data, promise: promise)
      guard repliesDue == 0 && isReading else { return }
      isOver = true
      bytes.discard()
      context.flush()
      // The client may still be sending: to close altogether could cost it the reply. The deadline of the body ends it.
      context.close(mode: .output, promise: nil)
    }
  }
}
