internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1

/// Puts ``FramingEnforcement`` and ``RequestBytesBound`` where they belong in a pipeline of HTTP/1, and is gone then. HTTP/2 has framing of its own.
final class FramingInstallation: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any

  private let headerBytesMax: Int
  private let bodyBytesMax: Int

  init(headerBytesMax: Int, bodyBytesMax: Int) {
    self.headerBytesMax = headerBytesMax
    self.bodyBytesMax = bodyBytesMax
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let pipeline = context.pipeline.syncOperations
    if let parser = try? pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self),
      let codec = try? pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
    {
      let bytes = RequestBytesBound(max: headerBytesMax + bodyBytesMax)
      do {
        try pipeline.addHandler(bytes, position: .before(parser))
        try pipeline.addHandler(
          FramingEnforcement(bytes: bytes, bodyBytesMax: bodyBytesMax), position: .before(codec))
      } catch {
        context.close(promise: nil)
      }
    }
    pipeline.removeHandler(self, promise: nil)
  }
}
