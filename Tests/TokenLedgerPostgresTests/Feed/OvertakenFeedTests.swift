#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Synchronization
import Testing

@testable import TokenLedgerPostgres

/// A connection that waits for an answer while others are answered.
@Suite(.fewAtOnce) struct OvertakenFeedTests {
  private let fixture: LedgerFixture

  init() async throws { fixture = try await LedgerFixture() }

  /// Notes answers of other connections until `body` has returned.
  private func whileOthersAreAnswered<Outcome>(_ answers: OtherAnswers, _ body: () throws -> Outcome) throws -> Outcome
  {
    let isOver = Mutex(false)
    let others = DetachedThread {
      while !isOver.withLock({ $0 }) {
        answers.note()
        Program.pause(microseconds: 1000)
      }
    }
    try #require(others.start() == 0)
    defer { isOver.withLock { $0 = true } }
    return try body()
  }

  @Test func aFeedWhoseAnswerDoesNotComeConnectsAnewOnceALaneIsAnswered() async throws {
    let proxy = try FaultProxy(to: fixture.database.server)
    var options = fixture.options
    options.feedStepLimit = .seconds(3600)
    try await fixture.withLedger { one in
      try await fixture.withLedger(options, by: proxy) { cut in
        let session = try await cut.open()
        let used = try await cut.open()
        // Whatever is asked next: a reading of the feed, since nothing else is under way.
        proxy.set(.holdAnswer(1))
        while proxy.struckCount == 0 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(try await one.revoke(session.id))
        var token = used.tokenID
        func isRefused() -> Bool {
          cut.register.isRefused(
            session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
        }
        while !isRefused() {
          token = try #require(try await cut.rotate(token).granted).tokenID
        }
        proxy.release()
      }
    }
  }

  @Test func anAttemptToConnectEndsOnceOthersAreAnswered() throws {
    let proxy = try FaultProxy(to: fixture.database.server)
    let address = try proxy.address(of: fixture.database)
    let answers = try OtherAnswers()
    proxy.plan([ProxyExchange(statements: ["connect"], number: 0): .hold])
    let error = #expect(throws: DatabaseError.self) {
      try whileOthersAreAnswered(answers) {
        _ = try DatabaseConnection.open(
          address, host: 0, timeout: .seconds(3600),
          overtaking: Overtaking(answers: answers, patience: .milliseconds(20)))
      }
    }
    #expect(error?.kind == .unreachable)
    #expect(answers.takeOvertaken())
    #expect(!answers.isOvertaken)
  }

  @Test func aSlowAnswerIsHeardIfNobodyElseIsAnsweredMeanwhile() throws {
    let answers = try OtherAnswers()
    answers.note()
    let connection = try DatabaseConnection.open(
      fixture.database.address, host: 0, timeout: .seconds(3600),
      overtaking: Overtaking(answers: answers, patience: .zero))
    defer { connection.close() }
    try connection.run([query("select pg_sleep(0.2)")])
    #expect(!answers.isOvertaken)
  }

  @Test func anAnswerWithinThePatienceIsHeardThoughOthersAreAnswered() throws {
    let answers = try OtherAnswers()
    let connection = try DatabaseConnection.open(
      fixture.database.address, host: 0, timeout: .seconds(3600),
      overtaking: Overtaking(answers: answers, patience: .seconds(3600)))
    defer { connection.close() }
    _ = try whileOthersAreAnswered(answers) { try connection.run([query("select pg_sleep(0.2)")]) }
    #expect(!answers.isOvertaken)
  }

  @Test func thePatienceDoublesWithEachWaitThatWasOvertakenAndFollowsWhatReadingsTake() {
    var patience = FeedPatience()
    #expect(patience.ofConnecting == .milliseconds(100) && patience.ofReading == .milliseconds(250))
    patience.double()
    patience.double()
    #expect(patience.ofConnecting == .milliseconds(400) && patience.ofReading == .seconds(1))
    patience.noteReading(.milliseconds(300))
    #expect(patience.ofConnecting == .milliseconds(100) && patience.ofReading == .milliseconds(1200))
    for _ in 0..<100 { patience.noteReading(.milliseconds(1)) }
    #expect(patience.ofReading == .milliseconds(250))
    for _ in 0..<100 { patience.double() }
    #expect(patience.ofConnecting == .seconds(5) && patience.ofReading == .seconds(20))
  }
}
#endif
