import HTTPTypes
import HummingbirdTesting
import LedgerTesting
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@testable import TokenHTTP

@Suite("POST /token")
struct TokenGrantTests {
  @Test("answers a log-in with exactly the fields of the contract, and nothing may store them")
  func logIn() async throws {
    let fixture = try ServerFixture()
    try await fixture.run { client async throws in
      let reply = try await client.logIn(scope: "read")
      #expect(reply.status == 200)
      #expect(
        Set(reply.members.keys) == [
          "access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "scope",
        ])
      #expect(reply["token_type"] == "Bearer")
      #expect(reply.number("expires_in") == 900)
      #expect(reply.number("refresh_expires_in") == 30 * 86_400)
      #expect(reply["scope"] == "read")
      #expect(reply.headers[.contentType] == "application/json")
      #expect(reply.headers[.cacheControl] == "no-store")
      #expect(reply.headers[HTTPField.Name("Pragma")!] == "no-cache")
      #expect(reply.headers[.xContentTypeOptions] == "nosniff")
      let token = try fixture.engine.verify(#require(reply["access_token"]))
      #expect(token.subject == "ann")
      #expect(token.client == "web")
      #expect(token.scopes == Scopes("read"))
      #expect(reply["refresh_token"] != nil)
    }
  }

  @Test("answers a refresh with exactly those fields, and both tokens are new")
  func refresh() async throws {
    let fixture = try ServerFixture()
    try await fixture.run { client async throws in
      let first = try await client.logIn()
      fixture.clock.advance(milliseconds: 10_000)
      let second = try await client.refresh(#require(first["refresh_token"]))
      #expect(second.status == 200)
      #expect(Set(second.members.keys) == Set(first.members.keys))
      #expect(second["token_type"] == "Bearer")
      #expect(second.number("expires_in") == 900)
      #expect(second.number("refresh_expires_in") == 30 * 86_400)
      #expect(second["scope"] == "read write")
      #expect(second["refresh_token"] != first["refresh_token"])
      #expect(second["access_token"] != first["access_token"])
      #expect(second.headers[.cacheControl] == "no-store")
      #expect(try fixture.engine.verify(#require(second["access_token"])).subject == "ann")
      #expect(try await client.refresh(#require(second["refresh_token"])).status == 200)
    }
  }

  @Test("narrows the scope at a refresh where asked to")
  func narrows() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let reply = try await client.refresh(pair.refreshToken, scope: "read")
      #expect(reply["scope"] == "read")
    }
  }

  @Test("answers 64 presenters of one token once with a pair, and refuses the others")
  func oneOf64() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    let statuses = try await fixture.run { client async throws in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<64 { group.addTask { try await client.refresh(pair.refreshToken).status } }
        return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
      }
    }
    #expect(statuses == [200: 1, 400: 63])
  }

  @Test("answers a repetition in the grace window byte for byte the same")
  func grace() async throws {
    let fixture = try ServerFixture { $0.grace = .seconds(10) }
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let first = try await client.refresh(pair.refreshToken)
      let again = try await client.refresh(pair.refreshToken)
      #expect(first.status == 200)
      #expect(again.text == first.text)
    }
  }

  @Test("answers with 503 and Retry-After while a store is out of reach, and consumes nothing")
  func storeOverloaded() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      fixture.subjects.fail(with: .overloaded)
      for reply in [try await client.refresh(pair.refreshToken), try await client.logIn()] {
        #expect(reply.status == 503)
        #expect(reply.headers[.retryAfter] == "1")
        #expect(reply["error"] == "temporarily_unavailable")
        #expect(reply.headers[.cacheControl] == "no-store")
      }
      fixture.subjects.fail(with: nil)
      fixture.clients.fail(with: .overloaded)
      #expect(try await client.refresh(pair.refreshToken).status == 503)
      fixture.clients.fail(with: nil)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }
}
