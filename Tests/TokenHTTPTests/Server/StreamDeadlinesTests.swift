import Testing

@testable import TokenHTTP

@Suite("A connection of HTTP/2")
struct StreamDeadlinesTests {
  private let start = ContinuousClock.now

  private var opened: StreamDeadlines<ContinuousClock.Instant> {
    StreamDeadlines(headerTimeout: .seconds(5), idleTimeout: .seconds(60), now: start)
  }

  private func after(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

  @Test("must shake hands in time, and have a stream in time after that")
  func firstStream() {
    var deadlines = opened
    #expect(deadlines.end == after(5))
    deadlines.handshakeCompleted(at: after(4))
    #expect(deadlines.end == after(9))
  }

  @Test("may stay while a stream is open")
  func openStream() {
    var deadlines = opened
    deadlines.streamOpened()
    deadlines.streamOpened()
    deadlines.streamClosed(at: after(20))
    #expect(deadlines.end == nil)
  }

  @Test("must go when it has had no stream for the idle timeout, whatever else it sends")
  func idle() {
    var deadlines = opened
    deadlines.streamOpened()
    deadlines.streamClosed(at: after(20))
    #expect(deadlines.end == after(85))
    deadlines.streamOpened()
    #expect(deadlines.end == nil)
  }

  @Test("must go soon after its last stream when the server shuts down")
  func shutdown() {
    var deadlines = opened
    deadlines.streamOpened()
    deadlines.quiesce(at: after(10))
    #expect(deadlines.end == nil)
    deadlines.streamClosed(at: after(20))
    #expect(deadlines.end == after(25))
    var idle = opened
    idle.quiesce(at: after(2))
    #expect(idle.end == after(7))
  }
}
