internal import NIOCore
internal import NIOTLS

/// The deadlines of a connection: when TLS must have shaken hands, and HTTP/2 must have a stream.
///
/// This is a pure state machine. The server's own idle timeout pings the client and waits for the answer for ever; this
/// one does not.
struct StreamDeadlines<Instant: InstantProtocol> {
  let headerTimeout: Instant.Duration
  let idleTimeout: Instant.Duration

  private var streams = 0
  private var isQuiescing = false
  /// The end of the connection, or nil while a stream is open, which has deadlines of its own.
  private(set) var end: Instant?

  /// Starts the deadlines of a connection that was opened at `now`.
  init(headerTimeout: Instant.Duration, idleTimeout: Instant.Duration, now: Instant) {
    self.headerTimeout = headerTimeout
    self.idleTimeout = idleTimeout
    end = now.advanced(by: headerTimeout)
  }

  mutating func handshakeCompleted(at now: Instant) {
    end = now.advanced(by: headerTimeout)
  }

  mutating func streamOpened() {
    streams += 1
    end = nil
  }

  /// After the last stream, the client has the idle timeout to open another, and the header's time to leave.
  mutating func streamClosed(at now: Instant) {
    streams -= 1
    guard streams == 0 else { return }
    let leave = now.advanced(by: headerTimeout)
    end = isQuiescing ? leave : leave.advanced(by: idleTimeout)
  }

  /// Notes that the server shuts down.
  mutating func quiesce(at now: Instant) {
    isQuiescing = true
    if streams == 0 { end = now.advanced(by: headerTimeout) }
  }
}

/// Closes a TLS connection that does not shake hands in time and an HTTP/2 connection that has no stream for too long;
/// ``StreamDeadlines`` decides.
///
/// The handler stands behind that of TLS. HTTP/1 has deadlines of its own after the handshake: this one is removed
/// then.
final class ConnectionDeadline: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private var deadlines: StreamDeadlines<ContinuousClock.Instant>
  private let awaitsStreams: Bool
  private var scheduled: Scheduled<Void>?
  private var context: ChannelHandlerContext?

  /// Creates the deadline of a connection, which can become one of HTTP/2 if `awaitsStreams` is true.
  init(headerTimeout: Duration, idleTimeout: Duration, awaitsStreams: Bool) {
    deadlines = StreamDeadlines(headerTimeout: headerTimeout, idleTimeout: idleTimeout, now: .now)
    self.awaitsStreams = awaitsStreams
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    schedule()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    scheduled?.cancel()
    scheduled = nil
    self.context = nil
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent {
      deadlines.handshakeCompleted(at: .now)
      context.fireUserInboundEventTriggered(event)
      if !awaitsStreams { leave() }
      return
    }
    if event is ChannelShouldQuiesceEvent {
      deadlines.quiesce(at: .now)
      reschedule()
    }
    context.fireUserInboundEventTriggered(event)
  }

  func streamOpened() {
    deadlines.streamOpened()
  }

  func streamClosed() {
    deadlines.streamClosed(at: .now)
    reschedule()
  }

  /// Removes this one from a connection that speaks HTTP/1.
  func leave() {
    guard let context else { return }
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }

  private func reschedule() {
    scheduled?.cancel()
    scheduled = nil
    schedule()
  }

  /// At most one timer is pending: it looks again when it fires.
  private func schedule() {
    guard scheduled == nil, let context, let end = deadlines.end else { return }
    scheduled = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(end - .now)) {
      self.scheduled = nil
      guard let end = self.deadlines.end else { return }
      if ContinuousClock.now >= end { context.close(promise: nil) } else { self.schedule() }
    }
  }
}
