import HTTPTypes
import HummingbirdTesting
import InMemoryLogging
import Logging
import Testing
import TokenEngine
import TokenObservability
import TokenTesting

@testable import TokenHTTP

@Suite("The log")
struct LogTests {
  @Test("of a run holds no token, password or secret, at any level")
  func holdsNoSecret() async throws {
    let kept = InMemoryLogHandler()
    let fixture = try loggingFixture(kept)
    var canaries = ["canary-token", "canary-password", ServerFixture.password, ServerFixture.secret]
    canaries += try await fixture.run { client async throws in
      let first = try await client.logIn()
      let second = try await client.refresh(#require(first["refresh_token"]))
      _ = try await client.refresh(#require(first["refresh_token"]))
      _ = try await client.refresh("canary-token")
      _ = try await client.get("/me", bearer: "canary-token")
      _ = try await client.get("/me", bearer: second["access_token"])
      _ = try await client.token(
        ["grant_type": "password", "username": "ann", "password": "canary-password", "client_id": "app"])
      fixture.subjects.fail(with: .unreadable("the store is away"))
      _ = try await client.refresh(#require(second["refresh_token"]))
      return try [first, second].flatMap { [try #require($0["access_token"]), try #require($0["refresh_token"])] }
    }
    let lines = kept.entries.map { "\($0.level) \($0.message) \($0.metadata)" }
    #expect(lines.count >= 6)
    for line in lines {
      for canary in canaries { #expect(!line.contains(canary)) }
      // Nor any one part of a token, which could be put together again.
      for part in canaries.flatMap({ $0.split(separator: ".") }) where part.utf8.count > 32 {
        #expect(!line.contains(part))
      }
    }
  }

  @Test("has one line an event, a reused token at warning with its reason, session and client")
  func events() async throws {
    let kept = InMemoryLogHandler()
    let fixture = try loggingFixture(kept)
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      _ = try await client.refresh(pair.refreshToken)
      _ = try await client.refresh(pair.refreshToken)
      _ = try await client.refresh("x")
    }
    let entries = kept.entries.filter { $0.metadata["client"] != nil }
    #expect(entries.map(\.level) == [.info, .debug, .warning, .notice])
    #expect(
      entries.map(\.message) == [
        "session opened", "token rotated", "used refresh token presented again", "grant refused",
      ])
    #expect(entries[2].metadata["reason"] == "reused")
    #expect(entries[2].metadata["generations_behind"]?.description == "1")
    #expect(entries[2].metadata["revoked_session"]?.description == "true")
    #expect(entries[2].metadata["client"] == "web")
    #expect(entries.prefix(3).allSatisfy { $0.metadata["session"]?.description == pair.session.text })
    #expect(entries[0].metadata["subject"] == "ann")
    #expect(entries[0].metadata["token"] != entries[1].metadata["token"])
    #expect(entries[3].metadata["reason"] == "malformed")
  }

  private func loggingFixture(_ kept: InMemoryLogHandler) throws -> ServerFixture {
    var logger = Logger(label: "test", factory: { _ in kept })
    logger.logLevel = .trace
    return try ServerFixture(observer: EngineLogObserver(logger: logger), logger: logger)
  }
}
