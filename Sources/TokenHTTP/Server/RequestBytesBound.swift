internal import NIOCore
internal import NIOHTTP1

/// Ends a connection whose request has more bytes than a request can have, including chunk sizes and extensions.
///
/// The handler stands before the parser.
///
/// Past the bound the parser is told of an error, which is answered with 400. What a client still sends then, or after
/// an early reply, is discarded for a while, since closing at once could cost the client the reply.
final class RequestBytesBound: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let max: Int
  private var count = 0
  private var discards = false

  /// The bytes of later requests that one read can bring.
  private static let slack = 256 << 10
  private static let discardedMax = 8 << 20

  init(max: Int) {
    self.max = max + Self.slack
  }

  /// Notes that a request has ended.
  func reset() {
    count = 0
  }

  /// Discards what comes from now on.
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
