import Testing

@testable import TokenHTTP

@Suite("The deadlines of a connection")
struct RequestDeadlinesTests {
  private typealias Deadlines = RequestDeadlines<ContinuousClock.Instant>
  private let start = ContinuousClock.now

  private var opened: Deadlines {
    Deadlines(headerTimeout: .seconds(5), bodyTimeout: .seconds(10), now: start)
  }

  private func after(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

  @Test("end one that sends no complete header")
  func noHeader() {
    #expect(opened.verdict(at: after(4)) == .wait(until: after(5)))
    #expect(opened.verdict(at: after(5)) == .close)
  }

  @Test("end one whose body is not complete in time after its header")
  func slowBody() {
    var deadlines = opened
    deadlines.requestHead(at: after(4))
    #expect(deadlines.verdict(at: after(5)) == .wait(until: after(14)))
    #expect(deadlines.verdict(at: after(14)) == .close)
  }

  @Test("leave one alone whose request is complete, however long the answer takes, and between requests")
  func patience() {
    var deadlines = opened
    deadlines.requestHead(at: after(1))
    deadlines.requestEnd()
    #expect(deadlines.verdict(at: after(1000)) == .nothingDue)
    deadlines.replyHead(at: after(1000))
    deadlines.replyWritten()
    #expect(deadlines.verdict(at: after(2000)) == .nothingDue)
  }

  @Test("end one that does not take the reply")
  func slowReader() {
    var deadlines = opened
    deadlines.requestHead(at: after(1))
    deadlines.requestEnd()
    deadlines.replyHead(at: after(20))
    #expect(deadlines.verdict(at: after(29)) == .wait(until: after(30)))
    #expect(deadlines.verdict(at: after(30)) == .close)
  }

  @Test("still end one that was answered early and goes on sending its body")
  func endlessBody() {
    var deadlines = opened
    deadlines.requestHead(at: after(1))
    deadlines.replyHead(at: after(2))
    deadlines.replyWritten()
    #expect(deadlines.verdict(at: after(3)) == .wait(until: after(11)))
    #expect(deadlines.verdict(at: after(11)) == .close)
  }

  @Test("are the earlier of request and reply where both are under way")
  func both() {
    var deadlines = opened
    deadlines.requestHead(at: after(1))
    deadlines.replyHead(at: after(9))
    #expect(deadlines.next == after(11))
    deadlines.requestEnd()
    #expect(deadlines.next == after(19))
  }

  @Test("leave a stream alone while it has no news, and end one whose client does not take a part in time")
  func stream() {
    var deadlines = opened
    deadlines.requestHead(at: after(1))
    deadlines.requestEnd()
    deadlines.replyHead(at: after(2), isStream: true)
    #expect(deadlines.verdict(at: after(1000)) == .nothingDue)
    let isToldOfFirst = deadlines.partBegan(at: after(1000))
    let isToldOfSecond = deadlines.partBegan(at: after(1004))
    #expect(isToldOfFirst && isToldOfSecond)
    #expect(deadlines.next == after(1010))
    deadlines.partWritten(at: after(1005))
    #expect(deadlines.next == after(1015))
    deadlines.partWritten(at: after(1006))
    #expect(deadlines.verdict(at: after(9000)) == .nothingDue)
    _ = deadlines.partBegan(at: after(9000))
    #expect(deadlines.verdict(at: after(9010)) == .close)
  }

  @Test("do not look at the parts of any other reply, which has its time as a whole")
  func parts() {
    var deadlines = opened
    deadlines.requestHead(at: after(1))
    deadlines.requestEnd()
    deadlines.replyHead(at: after(2))
    let isTold = deadlines.partBegan(at: after(11))
    #expect(!isTold)
    #expect(deadlines.verdict(at: after(12)) == .close)
  }
}
