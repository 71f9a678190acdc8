/// By when a connection of TLS must have shaken hands, and one of HTTP/2 must have a stream: a state machine that is told what passes.
///
/// The server's own idle timeout asks the client by a ping whether it is there, and waits for the answer for ever; this does not.
struct StreamDeadlines<Instant: InstantProtocol> {
  let headerTimeout: Instant.Duration
  let idleTimeout: Instant.Duration

  private var streams = 0
  private var isQuiescing = false
  /// Nil while a stream is open: it has deadlines of its own.
  private(set) var end: Instant?

  /// - Parameter now: when the connection was opened.
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

  /// After the last, the client has the idle timeout for another, and the header's time to take its leave.
  mutating func streamClosed(at now: Instant) {
    streams -= 1
    guard streams == 0 else { return }
    let leave = now.advanced(by: headerTimeout)
    end = isQuiescing ? leave : leave.advanced(by: idleTimeout)
  }

  /// The server shuts down.
  mutating func quiesce(at now: Instant) {
    isQuiescing = true
    if streams == 0 { end = now.advanced(by: headerTimeout) }
  }
}
