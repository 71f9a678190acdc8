internal import NIOCore
internal import NIOHTTPTypes

/// Closes a connection, or a stream of HTTP/2, whose request or reply is not through in time; ``RequestDeadlines`` decides.
///
/// One timer at most is pending, whatever the number of requests: it looks again when it fires, and is replaced where something is due before it.
final class DeadlineEnforcement: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private var deadlines: RequestDeadlines<ContinuousClock.Instant>
  private var scheduled: (task: Scheduled<Void>, time: ContinuousClock.Instant)?

  init(headerTimeout: Duration, bodyTimeout: Duration) {
    deadlines = RequestDeadlines(headerTimeout: headerTimeout, bodyTimeout: bodyTimeout, now: .now)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    schedule(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    scheduled?.task.cancel()
    scheduled = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    scheduled?.task.cancel()
    scheduled = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      deadlines.requestHead(at: .now)
      schedule(context)
    case .body: break
    case .end: deadlines.requestEnd()
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head:
      deadlines.replyHead(at: .now)
      schedule(context)
      context.write(data, promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      let written = promise ?? context.eventLoop.makePromise()
      written.futureResult.assumeIsolated().whenComplete { _ in self.deadlines.replyWritten() }
      context.write(data, promise: written)
    }
  }

  private func schedule(_ context: ChannelHandlerContext) {
    guard let next = deadlines.next else { return }
    if let pending = scheduled {
      guard next < pending.time else { return }
      pending.task.cancel()
    }
    let task = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(next - .now)) {
      self.scheduled = nil
      switch self.deadlines.verdict(at: .now) {
      case .close: context.close(promise: nil)
      case .wait: self.schedule(context)
      case .nothingDue: break
      }
    }
    scheduled = (task, next)
  }
}
