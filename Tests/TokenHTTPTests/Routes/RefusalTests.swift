import HTTPTypes
import HummingbirdTesting
import LedgerTesting
import Testing
import TokenEngine
import TokenLedger
import TokenSigning
import TokenTesting

@testable import TokenHTTP

/// Each token here is valid in every respect but one.
@Suite("A refused refresh token")
struct RefusalTests {
  private let text =
    #"{"error":"invalid_grant","error_description":"The refresh token is invalid, expired, used or revoked"}"#

  private func expectRefusal(
    _ reply: Reply, _ refusal: GrantRefusal, _ fixture: ServerFixture, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(reply.status == 400, sourceLocation: location)
    #expect(reply.text == text, sourceLocation: location)
    #expect(reply.headers[.cacheControl] == "no-store", sourceLocation: location)
    #expect(fixture.recorder.latestRefusal == refusal, sourceLocation: location)
  }

  @Test("that has expired")
  func expired() async throws {
    let fixture = try ServerFixture { $0.idleLifetime = .seconds(60) }
    let pair = try await fixture.pair()
    fixture.clock.advance(milliseconds: 60_000)
    try await fixture.run {
      expectRefusal(try await $0.refresh(pair.refreshToken), .expired(generationsBehind: nil), fixture)
    }
  }

  @Test("that is an access token")
  func wrongType() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      expectRefusal(try await client.refresh(pair.accessToken), .badToken(.wrongType), fixture)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("of another issuer with our keys")
  func wrongIssuer() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    let elsewhere = TokenMinter(keys: fixture.keys, issuer: "https://elsewhere.example", audience: "")
    let token = elsewhere.mintRefresh(claims(fixture, fixture.identifier(of: pair, generation: 0)))
    try await fixture.run { client async throws in
      expectRefusal(try await client.refresh(token), .badToken(.wrongIssuer), fixture)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("of a session that never was")
  func unknown() async throws {
    let fixture = try ServerFixture()
    let ours = TokenMinter(keys: fixture.keys, issuer: fixture.engine.options.issuer, audience: "")
    let token = ours.mintRefresh(
      claims(fixture, TokenIdentifier(sessionHigh: 1, sessionLow: 2, generation: 0)))
    try await fixture.run { expectRefusal(try await $0.refresh(token), .unknown, fixture) }
  }

  @Test("that was used, and its session ends with it")
  func used() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let next = try await client.refresh(pair.refreshToken)
      let reused = GrantRefusal.reused(.race, generationsBehind: 1, revokedSession: true)
      expectRefusal(try await client.refresh(pair.refreshToken), reused, fixture)
      expectRefusal(try await client.refresh(#require(next["refresh_token"])), .revoked(generationsBehind: 0), fixture)
      let me = try await client.get("/me", bearer: next["access_token"])
      #expect(me.status == 401)
    }
  }

  @Test("whose subject is gone, before it is consumed")
  func subjectGone() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      fixture.subjects.remove("ann")
      expectRefusal(try await client.refresh(pair.refreshToken), .subjectGone, fixture)
      fixture.subjects.set(Subject(id: "ann", scopes: ["read", "write"]), password: "")
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("whose subject is disabled, before it is consumed")
  func subjectDisabled() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      fixture.subjects.setEnabled("ann", false)
      expectRefusal(try await client.refresh(pair.refreshToken), .subjectDisabled, fixture)
      fixture.subjects.setEnabled("ann", true)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("with a bad signature")
  func badSignature() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    var bytes = Array(pair.refreshToken.utf8)
    // Inside the signature, where every letter is canonical.
    let position = bytes.count - 20
    bytes[position] = bytes[position] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
    let changed = String(decoding: bytes, as: UTF8.self)
    try await fixture.run { client async throws in
      expectRefusal(try await client.refresh(changed), .badToken(.badSignature), fixture)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("of another client, and neither consumes nor revokes it")
  func wrongClient() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let reply = try await client.token([
        "grant_type": "refresh_token", "refresh_token": pair.refreshToken, "client_id": "app",
      ])
      expectRefusal(reply, .wrongClient, fixture)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("that is no token", arguments: ["x", "a.b", "a.b.c", "a.b.c.d", "eyJhbGciOiJub25lIn0.e30.", "é\u{1F600}"])
  func noToken(token: String) async throws {
    let fixture = try ServerFixture()
    try await fixture.run { client async throws in
      let reply = try await client.refresh(token)
      #expect(reply.status == 400)
      #expect(reply.text == text)
      guard case .badToken = fixture.recorder.latestRefusal else {
        Issue.record("\(String(describing: fixture.recorder.latestRefusal))")
        return
      }
    }
  }

  @Test("for more scope than was granted is invalid_scope, and is not consumed")
  func tooMuchScope() async throws {
    let fixture = try ServerFixture()
    let pair = try await fixture.pair()
    try await fixture.run { client async throws in
      let reply = try await client.refresh(pair.refreshToken, scope: "admin")
      #expect(reply.status == 400)
      #expect(reply["error"] == "invalid_scope")
      #expect(fixture.recorder.latestRefusal == .invalidScope)
      #expect(try await client.refresh(pair.refreshToken).status == 200)
    }
  }

  @Test("at a log-in: a wrong password, an unknown user and a disabled one are told apart by nobody")
  func logIn() async throws {
    let fixture = try ServerFixture()
    try await fixture.run { client async throws in
      func attempt(_ name: String, _ password: String) async throws -> Reply {
        try await client.token([
          "grant_type": "password", "username": name, "password": password, "client_id": "app",
        ])
      }
      let wrong = try await attempt("ann", "wrong")
      #expect(wrong.status == 400)
      #expect(wrong["error"] == "invalid_grant")
      #expect(fixture.recorder.latestRefusal == .badCredentials)
      #expect(try await attempt("bob", ServerFixture.password).text == wrong.text)
      fixture.subjects.setEnabled("ann", false)
      #expect(try await attempt("ann", ServerFixture.password).text == wrong.text)
      #expect(fixture.recorder.latestRefusal == .subjectDisabled)
    }
  }

  /// What a token of the fixture's user and client says, in every respect as it should.
  private func claims(_ fixture: ServerFixture, _ identifier: TokenIdentifier) -> RefreshClaims {
    let now = fixture.clock.now.seconds
    return RefreshClaims(
      subject: "ann", clientID: "web", scope: "read write", issuedAt: now, expiresAt: now + 30 * 86_400,
      identifier: identifier)
  }
}
