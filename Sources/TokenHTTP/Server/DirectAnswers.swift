internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTPTypes

/// Answers those requests of a connection of HTTP/1, or a stream of HTTP/2, that ``DirectRequests`` takes, and passes
/// all others on to the server.
///
/// Stands last before the server, so that bounds and deadlines of the connection hold for these requests and their
/// replies too. Replies keep the order of the requests: a request is answered here only if the server owes no reply,
/// and what comes meanwhile waits. A client that does not take its replies is left to the server, which waits for it.
final class DirectAnswers: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private enum Arrival {
    case part(HTTPRequestPart)
    case failure(any Error)
    case inputClosed
  }

  private let requests: DirectRequests
  /// The head of the request that is being read to be answered here, and the time at which it came.
  private var reading: (head: HTTPRequest, began: ContinuousClock.Instant)?
  private var body = ByteBuffer()
  private var isAnswering = false
  /// The parts and the end of the input that came since the request that is being answered here.
  private var arrivals: [Arrival] = []
  private var wantsRead = false
  /// The number of requests that the server has not answered.
  private var repliesDue = 0
  private var isRemoved = false
  private var executor: EventLoopTasks?

  /// The most that waits before no more is read from the connection.
  private static let arrivalsMax = 8

  init(_ requests: DirectRequests) { self.requests = requests }

  func handlerRemoved(context: ChannelHandlerContext) {
    isRemoved = true
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    if isAnswering { arrivals.append(.part(part)) } else { take(part, context) }
  }

  private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
    switch (part, reading) {
    case (.head(let head), _) where repliesDue == 0 && context.channel.isWritable && requests.takes(head):
      reading = (head, .now)
    case (.head, _):
      repliesDue += 1
      context.fireChannelRead(wrapInboundOut(part))
    case (.body(var bytes), .some):
      // Mostly it is one part, which is not copied then.
      if body.readableBytes > 0 { body.writeBuffer(&bytes) } else { body = bytes }
    case (.end, let request?): answer(request.head, since: request.began, context)
    default: context.fireChannelRead(wrapInboundOut(part))
    }
  }

  private func answer(_ head: HTTPRequest, since began: ContinuousClock.Instant, _ context: ChannelHandlerContext) {
    let (channel, body) = (context.channel, body)
    (reading, self.body, isAnswering) = (nil, ByteBuffer(), true)
    let own = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    // It begins in the next turn of the event loop: if the client has hung up by now, that has been read then, and the
    // request is refused.
    Task(executorPreference: tasks(context)) { [requests, peer = channel.remoteAddress] in
      guard !own.value.handler.isRemoved else { return }
      let reply = await requests.answer(head, body, over: channel, from: peer, since: began)
      own.value.handler.write(reply, own.value.context)
    }
  }

  private func tasks(_ context: ChannelHandlerContext) -> EventLoopTasks {
    if let executor { return executor }
    let made = EventLoopTasks(context.eventLoop)
    executor = made
    return made
  }

  private func write(_ reply: DirectReply, _ context: ChannelHandlerContext) {
    guard !isRemoved else { return }
    context.write(wrapOutboundOut(.head(reply.head)), promise: nil)
    if reply.body.readableBytes > 0 { context.write(wrapOutboundOut(.body(reply.body)), promise: nil) }
    context.write(wrapOutboundOut(.end(nil)), promise: nil)
    context.flush()
    // Only now, since a failed write reads what the client has sent before.
    isAnswering = false
    if !arrivals.isEmpty { takeArrivals(context) }
  }

  private func takeArrivals(_ context: ChannelHandlerContext) {
    var waiting = arrivals[...]
    arrivals = []
    while !isAnswering, let next = waiting.popFirst() {
      switch next {
      case .part(let part): take(part, context)
      case .failure(let error): errorCaught(context: context, error: error)
      case .inputClosed: userInboundEventTriggered(context: context, event: ChannelEvent.inputClosed)
      }
    }
    arrivals = Array(waiting)
    // The server looks at nothing before this.
    context.fireChannelReadComplete()
    if wantsRead, arrivals.count < Self.arrivalsMax {
      wantsRead = false
      context.read()
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if isAnswering { return arrivals.append(.failure(error)) }
    leaveToServer(context)
    context.fireErrorCaught(error)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent {
      // The server would end its side of the connection, and with it the reply.
      if isAnswering { return arrivals.append(.inputClosed) }
      leaveToServer(context)
    }
    context.fireUserInboundEventTriggered(event)
  }

  /// Passes on what was read of a request that will not be complete.
  private func leaveToServer(_ context: ChannelHandlerContext) {
    guard let request = reading else { return }
    repliesDue += 1
    context.fireChannelRead(wrapInboundOut(.head(request.head)))
    if body.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(.body(body))) }
    (reading, body) = (nil, ByteBuffer())
  }

  func read(context: ChannelHandlerContext) {
    if arrivals.count >= Self.arrivalsMax { wantsRead = true } else { context.read() }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if repliesDue > 0, case .end = unwrapOutboundIn(data) { repliesDue -= 1 }
    context.write(data, promise: promise)
  }
}

/// Installs ``DirectAnswers`` behind the server's last handler, which the server adds only after this one, when the
/// first request is there.
final class DirectInstallation: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let requests: DirectRequests

  init(_ requests: DirectRequests) { self.requests = requests }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let pipeline = context.pipeline.syncOperations
    // Without it the server answers everything.
    if let last = try? pipeline.handler(type: HTTPConnectionStateHandler.self) {
      try? pipeline.addHandler(DirectAnswers(requests), position: .after(last))
    }
    context.fireChannelRead(data)
    pipeline.removeHandler(self, promise: nil)
  }
}
