internal import NIOCore
internal import NIOHTTP1

/// Ends a connection whose request has more bytes than one can have, of chunk sizes and extensions too; stands before the parser.
///
/// Past the bound the parser is told of a fault, which is answered 400. What a client goes on sending then, or after an early reply, is let go for a
/// while, since to close at once could cost it the reply.
final class RequestBytesBound: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let max: Int
  private var count = 0
  private var discards = false

  /// What one read may bring of requests to come.
  private static let slack = 256 << 10
  private static let discardedMax = 8 << 20

  init(max: Int) {
    self.max = max + Self.slack
  }

  /// A request has ended.
  func reset() {
    count = 0
  }

  /// What comes from now on is let go.
  func discard() {
    discards = true
    count = 0
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    count += unwrapInboundIn(data).readableBytes
    if discards {
      if count > Self.discardedMax { context.close(promise: nil) }
    } else if count > max {
      discard()
      context.fireErrorCaught(HTTPParserError.unknown)
    } else {
      context.fireChannelRead(data)
    }
  }
}
