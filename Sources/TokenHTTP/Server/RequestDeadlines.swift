internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// The deadlines of the requests of a connection, or of a stream of HTTP/2: a pure state machine that is told what
/// happens and says what is due.
///
/// Idle time between requests is not its matter: the server's idle timeout ends that.
struct RequestDeadlines<Instant: InstantProtocol> {
  let headerTimeout: Instant.Duration
  let bodyTimeout: Instant.Duration

  private var isReadingRequest = false
  /// True if the reply is a stream without a foreseeable end, of which each part has the time for itself.
  private var isStream = false
  /// The number of parts of a stream that the system has not taken.
  private var partsUnderWay = 0
  /// The time by which the request that is being read must be complete.
  private var readEnd: Instant?
  /// The time by which the client must have taken the reply.
  private var writeEnd: Instant?

  /// Starts the deadlines of a connection, or of a stream of HTTP/2, that was opened at `now`.
  init(headerTimeout: Instant.Duration, bodyTimeout: Instant.Duration, now: Instant) {
    self.headerTimeout = headerTimeout
    self.bodyTimeout = bodyTimeout
    readEnd = now.advanced(by: headerTimeout)
  }

  /// The next moment at which something is due.
  var next: Instant? {
    switch (readEnd, writeEnd) {
    case (let read?, let write?): min(read, write)
    case (let read?, nil): read
    case (nil, let write): write
    }
  }

  mutating func requestHead(at now: Instant) {
    isReadingRequest = true
    readEnd = now.advanced(by: bodyTimeout)
  }

  mutating func requestEnd() {
    isReadingRequest = false
    readEnd = nil
  }

  /// Notes the head of a reply.
  ///
  /// With `isStream` the parts of the reply come when there is news: the client has the time for each part from the
  /// moment it is written.
  mutating func replyHead(at now: Instant, isStream: Bool = false) {
    self.isStream = isStream
    writeEnd = isStream ? nil : now.advanced(by: bodyTimeout)
  }

  /// Notes that a part of the reply was given to the system; returns true if it must be told when that has taken it.
  mutating func partBegan(at now: Instant) -> Bool {
    guard isStream else { return false }
    partsUnderWay += 1
    if writeEnd == nil { writeEnd = now.advanced(by: bodyTimeout) }
    return true
  }

  /// Notes that the system has taken a part of a stream.
  ///
  /// The next one has the whole time again.
  mutating func partWritten(at now: Instant) {
    partsUnderWay -= 1
    writeEnd = partsUnderWay > 0 ? now.advanced(by: bodyTimeout) : nil
  }

  /// Notes that the system has taken the whole reply.
  ///
  /// The rest of a request that was answered early stays due.
  mutating func replyWritten() {
    (isStream, partsUnderWay, writeEnd) = (false, 0, nil)
  }

  enum Verdict: Equatable {
    case close
    case wait(until: Instant)
    case nothingDue
  }

  func verdict(at now: Instant) -> Verdict {
    guard let next else { return .nothingDue }
    return now >= next ? .close : .wait(until: next)
  }
}

/// Closes a connection, or a stream of HTTP/2, whose request or reply is not complete in time; ``RequestDeadlines``
/// decides.
///
/// At most one timer is pending, whatever the number of requests: it looks again when it fires, and is replaced if
/// something is due earlier.
final class DeadlineEnforcement: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private var deadlines: RequestDeadlines<ContinuousClock.Instant>
  private var scheduled: (task: Scheduled<Void>, time: ContinuousClock.Instant)?
  /// The bytes that the reply has announced and not written yet, or nil if it has announced none.
  private var bytesLeft: Int?
  /// True if the last byte of the reply notes it as written.
  private var isEndNoted = false

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
    case .head(let head):
      (bytesLeft, isEndNoted) = (head.headerFields.contentLength, false)
      let isStream = bytesLeft == nil && head.headerFields[.contentType] == RevocationStreams.mediaType
      deadlines.replyHead(at: .now, isStream: isStream)
      schedule(context)
      context.write(data, promise: promise)
    case .body(let bytes):
      guard deadlines.partBegan(at: .now) else { return write(bytes, data, context, promise) }
      schedule(context)
      let written = promise ?? context.eventLoop.makePromise()
      written.futureResult.assumeIsolated().whenComplete { _ in self.deadlines.partWritten(at: .now) }
      context.write(data, promise: written)
    case .end:
      context.write(data, promise: isEndNoted ? promise : noting(promise, context))
    }
  }

  /// Writes a part of a reply that is no stream.
  ///
  /// The last byte that the reply has announced notes it as written: its end has no bytes, and a promise for that would
  /// be a write of its own.
  private func write(
    _ bytes: ByteBuffer, _ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
  ) {
    bytesLeft? -= bytes.readableBytes
    isEndNoted = bytesLeft == 0 && bytes.readableBytes > 0
    context.write(data, promise: isEndNoted ? noting(promise, context) : promise)
  }

  /// Returns a promise that notes the whole reply as written.
  private func noting(_ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) -> EventLoopPromise<Void> {
    let written = promise ?? context.eventLoop.makePromise()
    written.futureResult.assumeIsolated().whenComplete { _ in self.deadlines.replyWritten() }
    return written
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
