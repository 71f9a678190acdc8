import HTTPTypes
import HummingbirdTesting
import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

@Suite("GET /health/ready")
struct ReadinessTests {
  private let clock = ManualClock()
  private let ledger: DictionaryLedger

  init() {
    ledger = DictionaryLedger(clock: clock, random: SeededGenerator(seed: 7))
  }

  private func run(_ test: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    try await ServerFixture(clock: clock, ledger: ledger).run(test)
  }

  private func expect(
    _ client: any TestClientProtocol, _ status: Int, writes asked: String? = nil, _ body: String,
    _ location: SourceLocation = #_sourceLocation
  ) async throws {
    let reply = try await client.get("/health/ready" + (asked.map { "?writes=\($0)" } ?? ""))
    #expect(reply.status == status && reply.text == body, sourceLocation: location)
    #expect(reply.headers[.cacheControl] == "no-store", sourceLocation: location)
  }

  @Test("of a ledger of its own is 200 while it accepts changes and 503 otherwise, whether writes are asked for or not")
  func alone() async throws {
    try await run { client async throws in
      for writes in [nil, "true", "false"] {
        try await expect(client, 200, writes: writes, #"{"status":"ready"}"#)
      }
      for error in [LedgerError.unavailable("away"), .overloaded] {
        ledger.fail(error)
        for writes in [nil, "true", "false"] {
          try await expect(client, 503, writes: writes, #"{"status":"unavailable"}"#)
        }
        ledger.recover()
      }
    }
  }

  @Test("of one of several says how old its news of the others is")
  func shared() async throws {
    ledger.setFeed(age: .milliseconds(43))
    try await run { client async throws in
      for writes in [nil, "true"] {
        try await expect(
          client, 200, writes: writes,
          #"{"status":"ready","ledger":"accepts_changes","writes":true,"verifies":true,"feed_age_seconds":0.043,"feed_stale":false}"#
        )
      }
    }
  }

  @Test(
    "of one of several stays 200 while the ledger is away, and says that it takes no writes; asked for them, it is 503")
  func away() async throws {
    ledger.setFeed(age: .milliseconds(12_050), isStale: true)
    ledger.fail(.unavailable("the database at 10.1.2.3 is away"))
    clock.advance(milliseconds: 12_000)
    let facts =
      #""ledger":"unavailable","writes":false,"verifies":true,"unavailable_seconds":12.000,"feed_age_seconds":12.050,"feed_stale":true}"#
    try await run { client async throws in
      try await expect(client, 200, #"{"status":"ready","# + facts)
      try await expect(client, 200, writes: "false", #"{"status":"ready","# + facts)
      try await expect(client, 503, writes: "true", #"{"status":"unavailable","# + facts)
      ledger.recover()
      ledger.setFeed(age: .zero)
      #expect(try await client.get("/health/ready?writes=true").status == 200)
    }
  }

  @Test("of one of several that stalls is that of one whose ledger is away")
  func stalled() async throws {
    ledger.setFeed(age: .zero)
    ledger.fail(.overloaded)
    let facts = #""ledger":"stalled","writes":false,"verifies":true,"feed_age_seconds":0.000,"feed_stale":false}"#
    try await run { client async throws in
      try await expect(client, 200, #"{"status":"ready","# + facts)
      try await expect(client, 503, writes: "true", #"{"status":"unavailable","# + facts)
    }
  }

  @Test("of one of several that refuses access tokens for old news is 503, as others may have newer ones")
  func refusesAccess() async throws {
    ledger.setFeed(age: .seconds(6), isStale: true, refusesAccess: true)
    let body =
      #"{"status":"unavailable","ledger":"accepts_changes","writes":true,"verifies":false,"feed_age_seconds":6.000,"feed_stale":true}"#
    try await run { client async throws in
      for writes in [nil, "true"] { try await expect(client, 503, writes: writes, body) }
    }
  }

  @Test("of one of several whose ledger is closed for good is 503")
  func closed() async throws {
    ledger.setFeed(age: .zero)
    try await ledger.close()
    try await run { client async throws in
      try await expect(
        client, 503,
        #"{"status":"unavailable","ledger":"closed","writes":false,"verifies":true,"feed_age_seconds":0.000,"feed_stale":false}"#
      )
    }
  }

  @Test(
    "is 400 to a query that could mean something else",
    arguments: ["write=true", "writes=", "writes=1", "writes=TRUE", "writes=true&writes=true", "writes=%FF", "a"])
  func otherQueries(query: String) async throws {
    try await run { client async throws in
      let reply = try await client.get("/health/ready?\(query)")
      #expect(reply.status == 400 && reply["error"] == "invalid_request")
    }
  }

  @Test("answers HEAD with the same status and no body")
  func head() async throws {
    ledger.setFeed(age: .zero)
    ledger.fail(.unavailable("away"))
    try await run { client async throws in
      let plain = try await client.send(.head, "/health/ready")
      #expect(plain.status == 200 && plain.text.isEmpty)
      #expect(try await client.send(.head, "/health/ready?writes=true").status == 503)
    }
  }
}
