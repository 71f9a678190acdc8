import HTTPTypes
import HummingbirdTesting
import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

/// Its ledger is told how to fail.
@Suite("A server whose ledger fails")
struct FailingLedgerTests {
  /// A fixture on a ledger of the test's.
  private func fixture(grace: Duration = .zero) throws -> (ServerFixture, DictionaryLedger) {
    let clock = ManualClock()
    let ledger = DictionaryLedger(clock: clock, random: SeededGenerator(seed: 7))
    let fixture = try ServerFixture(clock: clock, ledger: ledger) { $0.grace = grace }
    return (fixture, ledger)
  }

  private func expectUnavailable(
    _ reply: Reply, after seconds: String = "1", _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(reply.status == 503, sourceLocation: location)
    #expect(reply.headers[.retryAfter] == seconds, sourceLocation: location)
    #expect(reply["error"] == "temporarily_unavailable", sourceLocation: location)
    #expect(reply.headers[.cacheControl] == "no-store", sourceLocation: location)
  }

  @Test(
    "answers with 503 and Retry-After while it is away, stalled or its outcome is unknown, and consumes nothing",
    arguments: [LedgerError.unavailable("the database is away"), .overloaded, .outcomeUnknown("cut")])
  func away(error: LedgerError) async throws {
    let (fixture, ledger) = try fixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      ledger.fail(error)
      expectUnavailable(try await client.refresh(pair.refreshToken))
      expectUnavailable(try await client.logIn())
      // The text says what the ledger stands on: for the log, not for the wire.
      #expect(try await !client.refresh(pair.refreshToken).text.contains("database"))
      #expect(try await client.get("/me", bearer: pair.accessToken).status == 200)
      ledger.recover()
      #expect(try await client.get("/health/ready").status == 200)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("is not ready while it is away, and live", arguments: [LedgerError.unavailable("away"), .overloaded])
  func health(error: LedgerError) async throws {
    let (fixture, ledger) = try fixture()
    try await fixture.run { client async throws in
      ledger.fail(error)
      #expect(try await client.get("/health/ready").status == 503)
      #expect(try await client.get("/health/live").status == 200)
      ledger.recover()
      #expect(try await client.get("/health/ready").status == 200)
    }
  }

  @Test("that is full opens nothing, with 503 and Retry-After, and refreshes")
  func full() async throws {
    let (fixture, ledger) = try fixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      ledger.fail(.full)
      expectUnavailable(try await client.logIn())
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("for good asks to come back later, and answers nothing that would change it")
  func closed() async throws {
    let (fixture, ledger) = try fixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      ledger.fail(.closed("the disk is gone"))
      expectUnavailable(try await client.refresh(pair.refreshToken), after: "30")
      ledger.recover()
      expectUnavailable(try await client.logIn(), after: "30")
    }
  }

  @Test(
    "after the effect answers a retry with the pair that was lost in the grace window, and without one as a reuse",
    arguments: [Duration.seconds(10), .zero])
  func cutOff(grace: Duration) async throws {
    let (fixture, ledger) = try fixture(grace: grace)
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      ledger.fail(.outcomeUnknown("cut"), times: 1, afterEffect: true)
      expectUnavailable(try await client.refresh(pair.refreshToken))
      let retry = try await client.refresh(pair.refreshToken)
      guard grace > .zero else {
        #expect(retry.status == 400)
        #expect(retry["error"] == "invalid_grant")
        return
      }
      #expect(retry.status == 200)
      #expect(try await client.refresh(pair.refreshToken).text == retry.text)
    }
  }
}
