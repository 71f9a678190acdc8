internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypesHTTP1

/// The rules by which a request of HTTP/1 is refused if proxies could disagree about where it ends: RFC 9112 allows it,
/// and the parser does not do it.
enum FramingRules {
  enum Verdict: Hashable {
    /// - isLast: nothing after this request is read from the connection.
    /// - awaitsContinue: the client sends no body before it is told to (RFC 9110 §10.1.1).
    case pass(isLast: Bool, awaitsContinue: Bool)
    case refuse
  }

  static func verdict(on head: HTTPRequestHead) -> Verdict {
    guard head.version.major == 1, head.version.minor <= 1 else { return .refuse }
    let isOld = head.version.minor == 0
    let fields = NamedFields(head.headers)
    guard hasOneHost(fields["host"], isOld: isOld) else { return .refuse }
    let codings = fields["transfer-encoding"]
    if !codings.isEmpty {
      // An unknown coding, one more than `chunked`, or any in HTTP/1.0 (RFC 9112 §6.1).
      guard !isOld, codings.count == 1, codings[0].lowercased() == "chunked" else { return .refuse }
      guard fields["content-length"].isEmpty else { return .refuse }
    }
    let expectations = fields["expect"]
    guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else { return .refuse }
    // The parser reads nothing of what comes after these two.
    let leavesHTTP = head.method == .CONNECT || !fields["upgrade"].isEmpty
    return .pass(isLast: leavesHTTP || !head.isKeepAlive, awaitsContinue: !isOld && !expectations.isEmpty)
  }

  /// Returns true if there is exactly one plain `Host`, as RFC 9112 §3.2 asks, or none in HTTP/1.0.
  private static func hasOneHost(_ hosts: [String], isOld: Bool) -> Bool {
    guard let host = hosts.first else { return isOld }
    return hosts.count == 1 && isPlain(host: host)
  }

  /// Returns true if nothing in the host of a request can be taken for the end of the host, or for a list of them.
  static func isPlain(host: String) -> Bool {
    host.utf8.allSatisfy { (0x21...0x7E).contains($0) && !",/?#@\\\"<>".utf8.contains($0) }
  }
}

/// Header fields that are looked up by names, most of which are not there: a name of which none has the length is not
/// looked for.
private struct NamedFields {
  private let headers: HTTPHeaders
  /// The lengths of the names, as bits; the highest stands for all that are longer.
  private var lengths: UInt64 = 0

  init(_ headers: HTTPHeaders) {
    self.headers = headers
    for (name, _) in headers { lengths |= Self.bit(name) }
  }

  subscript(_ name: String) -> [String] { lengths & Self.bit(name) == 0 ? [] : headers[name] }

  private static func bit(_ name: String) -> UInt64 { 1 << UInt64(min(name.utf8.count, 63)) }
}

/// Holds a connection of HTTP/1 to ``FramingRules``.
///
/// The handler stands right behind the parser. A refusal is passed on as an error of the parser and answered like one:
/// 400, and the end of the connection. Nothing that comes after a refusal, or after the last request, is read.
final class FramingEnforcement: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let bytes: RequestBytesBound
  private let bodyBytesMax: Int
  private var isReading = false
  private var isLast = false
  /// True if nothing more is read.
  private var isOver = false
  private var repliesDue = 0

  /// The most requests that can wait for their replies; each one takes memory.
  static let pipelinedMax = 16

  /// Creates the handler of one connection.
  ///
  /// A body that is announced as longer than `bodyBytesMax` is not read; the route answers 413.
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
    // This ends the connection behind this handler too.
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
      // A reply to a request whose body is not read is the last: it is not worth finding where the next would begin.
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
      // The client may still be sending: closing altogether could cost it the reply. The deadline of the body ends it.
      context.close(mode: .output, promise: nil)
    }
  }
}

/// Puts ``FramingEnforcement``, ``RequestBytesBound`` and ``HeadTranslation`` in their places in a pipeline of HTTP/1,
/// and removes itself.
///
/// HTTP/2 has framing of its own.
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
        try pipeline.addHandler(HeadTranslation(), position: .after(codec))
        pipeline.removeHandler(codec, promise: nil)
      } catch {
        context.close(promise: nil)
      }
    }
    pipeline.removeHandler(self, promise: nil)
  }
}
