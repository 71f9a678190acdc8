/// What a connection, or a stream of HTTP/2, may still take how long for: a state machine that is told what passes and says what is due.
///
/// What lies still between requests is not its matter: the server's idle timeout ends that.
struct RequestDeadlines<Instant: InstantProtocol> {
  let headerTimeout: Instant.Duration
  let bodyTimeout: Instant.Duration

  private var isReadingRequest = false
  /// When the request that is being read must be complete.
  private var readEnd: Instant?
  /// When the client must have taken the reply.
  private var writeEnd: Instant?

  /// - Parameter now: when the connection was opened.
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

  mutating func replyHead(at now: Instant) {
    writeEnd = now.advanced(by: bodyTimeout)
  }

  /// The system has taken all of the reply. What remains of a request that was answered early stays due.
  mutating func replyWritten() {
    writeEnd = nil
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
