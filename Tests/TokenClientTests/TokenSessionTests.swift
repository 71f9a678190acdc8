import Foundation
import Testing
import TokenTestInputs

@testable import TokenClient

@Suite("A session that a program keeps")
struct TokenSessionTests {
  private let clock = ManualClock()
  private let server = ScriptedServer()
  private let storage = Storage()

  private func session(_ change: (inout TokenSession.Options) -> Void = { _ in }) -> TokenSession {
    var options = TokenSession.Options()
    change(&options)
    let storage = storage
    let tokens = SessionTokens(
      accessToken: "access-0", refreshToken: "refresh-0", accessEnd: clock.now.advanced(byMilliseconds: 900_000),
      refreshEnd: nil, scopes: ["read"])
    return TokenSession(
      client: server.client(), stored: tokens, options: options, clock: clock.pacedClock
    ) { try storage.store($0) }
  }

  private func token(of session: TokenSession) async -> Result<String, TokenClientError> {
    do throws(TokenClientError) { return .success(try await session.accessToken()) } catch { return .failure(error) }
  }

  /// The same, while time passes.
  private func tokenInTime(of session: TokenSession) async -> Result<String, TokenClientError> {
    let task = Task { await self.token(of: session) }
    let isOver = Task {
      _ = await task.value
      return true
    }
    let ticking = Task {
      while !Task.isCancelled {
        clock.advance(milliseconds: 50)
        try? await Task.sleep(for: .milliseconds(2))
      }
    }
    _ = await isOver.value
    ticking.cancel()
    await ticking.value
    return await task.value
  }

  @Test("uses its access token while it is good, and refreshes shortly before its end")
  func refreshes() async {
    let session = session()
    server.add(.tokens(1))
    #expect(await token(of: session) == .success("access-0"))
    clock.advance(milliseconds: 869_999)
    #expect(await token(of: session) == .success("access-0"))
    clock.advance(milliseconds: 1)
    #expect(await token(of: session) == .success("access-1"))
    #expect(await token(of: session) == .success("access-1"))
    #expect(server.bodies == ["grant_type=refresh_token&refresh_token=refresh-0"])
    #expect(await session.tokens.refreshToken == "refresh-1")
  }

  @Test("refreshes once for eight tasks that ask at the same time")
  func singleFlight() async {
    let session = session()
    clock.advance(milliseconds: 900_000)
    server.add(.tokens(1), .tokens(2))
    server.hold()
    await withTaskGroup(of: Result<String, TokenClientError>.self) { group in
      for _ in 0..<8 { group.addTask { await self.token(of: session) } }
      #expect(await becomesTrue { server.requests.count == 1 })
      try? await Task.sleep(for: .milliseconds(50))
      server.release()
      for await result in group { #expect(result == .success("access-1")) }
    }
    #expect(server.requests.count == 1)
  }

  @Test("goes on with a refresh whose first caller was cancelled")
  func cancelledCaller() async {
    let session = session()
    clock.advance(milliseconds: 900_000)
    server.add(.tokens(1))
    server.hold()
    let first = Task { await token(of: session) }
    #expect(await becomesTrue { server.requests.count == 1 })
    first.cancel()
    server.release()
    _ = await first.value
    #expect(await token(of: session) == .success("access-1"))
    #expect(server.requests.count == 1)
  }

  @Test("stores the successor before it uses it, and uses none that could not be stored")
  func storesFirst() async {
    let session = session()
    clock.advance(milliseconds: 900_000)
    server.add(.tokens(1))
    storage.isFull = true
    guard case .failure(.notStored) = await token(of: session) else {
      Issue.record("a token was used that is not stored")
      return
    }
    #expect(await session.tokens.accessToken == "access-0")
    storage.isFull = false
    #expect(await token(of: session) == .success("access-1"))
    #expect(server.requests.count == 1, "the successor is stored, not asked for again")
    #expect(storage.stored.map(\.refreshToken) == ["refresh-1"])
  }

  @Test("presents the same token again after a lost reply, within the grace window")
  func lostReply() async {
    let session = session { $0.grace = .seconds(10) }
    clock.advance(milliseconds: 900_000)
    server.add(.lost, .reply(200, "half a rep"), .tokens(1))
    #expect(await tokenInTime(of: session) == .success("access-1"))
    #expect(server.bodies == Array(repeating: "grant_type=refresh_token&refresh_token=refresh-0", count: 3))
  }

  @Test("tells its caller of a lost reply if there is no grace window, and presents the token at the next call")
  func noGrace() async {
    let session = session()
    clock.advance(milliseconds: 900_000)
    server.add(.lost, .tokens(1))
    guard case .failure(.unknownOutcome(let lost)) = await token(of: session) else {
      Issue.record("a lost reply was not told")
      return
    }
    #expect(lost.consequence == .mayBeConsumed)
    #expect(server.requests.count == 1)
    #expect(await token(of: session) == .success("access-1"))
  }

  @Test("stops to present a token by itself once the grace window of its first presentation is over")
  func graceEnds() async {
    let session = session {
      $0.grace = .seconds(1)
      $0.retryPause = .milliseconds(300)
    }
    clock.advance(milliseconds: 900_000)
    server.add(.lost, .lost, .lost, .lost, .lost, .lost)
    guard case .failure(.unknownOutcome) = await tokenInTime(of: session) else {
      Issue.record("the window has no end")
      return
    }
    #expect((2...4).contains(server.requests.count))
  }

  @Test("waits as long as the server asks, and sends nothing meanwhile")
  func retryAfter() async {
    let session = session { $0.patience = .seconds(60) }
    clock.advance(milliseconds: 900_000)
    server.add(.reply(429, "", fields: ["Retry-After": "30"]), .tokens(1))
    let start = clock.now
    #expect(await tokenInTime(of: session) == .success("access-1"))
    #expect(clock.now.millisecondsSince(start) >= 30_000)
    #expect(server.requests.count == 2)
  }

  @Test("tells its caller if the server asks for more patience than there is, and sends nothing before that")
  func noPatience() async {
    let session = session { $0.patience = .seconds(5) }
    clock.advance(milliseconds: 900_000)
    server.add(.reply(429, "", fields: ["Retry-After": "30"]), .tokens(1))
    #expect(await token(of: session) == .failure(.tryAgain(after: .seconds(30), status: 429)))
    clock.advance(milliseconds: 10_000)
    #expect(await token(of: session) == .failure(.tryAgain(after: .seconds(20), status: 429)))
    #expect(server.requests.count == 1)
    clock.advance(milliseconds: 20_000)
    #expect(await token(of: session) == .success("access-1"))
  }

  @Test("goes on with an access token that is still good if it cannot be refreshed now")
  func stillGood() async {
    let session = session()
    clock.advance(milliseconds: 880_000)
    server.add(.reply(503, "", fields: ["Retry-After": "100"]), .tokens(1))
    #expect(await token(of: session) == .success("access-0"))
    clock.advance(milliseconds: 100_000)
    #expect(await token(of: session) == .success("access-1"))
  }

  @Test("is over once the server says so, and asks it nothing any more")
  func over() async {
    let session = session()
    clock.advance(milliseconds: 900_000)
    server.add(.reply(400, #"{"error":"invalid_grant"}"#), .tokens(1))
    let refusal = TokenClientError.refused(Refusal(status: 400, code: "invalid_grant", text: nil))
    #expect(await token(of: session) == .failure(refusal))
    #expect(await token(of: session) == .failure(refusal))
    #expect(server.requests.count == 1)
  }

  @Test("gets another token in place of one that was refused elsewhere, once for all who held it")
  func insteadOf() async throws {
    let session = session()
    server.add(.tokens(1), .tokens(2))
    #expect(try await session.accessToken(insteadOf: "access-0") == "access-1")
    #expect(try await session.accessToken(insteadOf: "access-0") == "access-1")
    #expect(server.requests.count == 1)
  }

  @Test("asks for another token of the client itself where there is no refresh token, and again if the reply is lost")
  func ownToken() async {
    let own = SessionTokens(
      accessToken: "own", refreshToken: nil, accessEnd: clock.now, refreshEnd: nil, scopes: ["read"])
    let session = TokenSession(client: server.client(), stored: own, clock: clock.pacedClock) { _ in }
    server.add(.lost, .tokens(1))
    #expect(await tokenInTime(of: session) == .success("access-1"))
    #expect(server.bodies == Array(repeating: "grant_type=client_credentials&scope=read", count: 2))
  }

  @Test("ends at the server, with its refresh token")
  func ends() async throws {
    let session = session()
    server.add(.reply(200, "{}"))
    try await session.end()
    #expect(server.bodies == ["token=refresh-0"])
    for _ in 0..<2 {
      guard case .failure(.refused) = await token(of: session) else {
        Issue.record("a session goes on after its end")
        return
      }
      clock.advance(milliseconds: 900_000)
    }
  }

  @Test("goes on if its end could not be asked for, and gives out nothing while it is")
  func endsInVain() async throws {
    let session = session()
    server.add(.lost)
    await #expect(throws: TokenClientError.self) { try await session.end() }
    #expect(await token(of: session) == .success("access-0"))
    server.add(.reply(200, "{}"))
    server.hold()
    let ending = Task { try await session.end() }
    #expect(await becomesTrue { server.requests.count == 2 })
    guard case .failure(.refused) = await token(of: session) else {
      Issue.record("a token of a session that ends was handed out")
      return
    }
    server.release()
    try await ending.value
  }

  @Test("gives out no token of a session that was refused elsewhere")
  func refusedInstead() async throws {
    let session = session()
    server.add(.reply(400, #"{"error":"invalid_grant"}"#))
    await #expect(throws: TokenClientError.self) { try await session.accessToken(insteadOf: "access-0") }
    guard case .failure(.refused) = await token(of: session) else {
      Issue.record("a token of an ended session was handed out")
      return
    }
  }

  @Test("refreshes a short-lived access token after half of its life, not at each call")
  func shortLived() async {
    let session = session()
    clock.advance(milliseconds: 900_000)
    server.add(.tokens(1, seconds: 20), .tokens(2, seconds: 20))
    for expected in ["access-1", "access-1"] { #expect(await token(of: session) == .success(expected)) }
    clock.advance(milliseconds: 9_999)
    #expect(await token(of: session) == .success("access-1"))
    clock.advance(milliseconds: 1)
    #expect(await token(of: session) == .success("access-2"))
  }

  @Test("goes on with its token if something between it and the server refuses")
  func foreignRefusal() async {
    let session = session()
    clock.advance(milliseconds: 880_000)
    server.add(.reply(404, "<html>"))
    #expect(await token(of: session) == .success("access-0"))
  }

  @Test("is stored as text from which it goes on")
  func stored() async throws {
    let session = session()
    let text = try JSONEncoder().encode(await session.tokens)
    #expect(try JSONDecoder().decode(SessionTokens.self, from: text) == (await session.tokens))
    // One that was stored before there were other schemes.
    var members = try #require(JSONSerialization.jsonObject(with: text) as? [String: Any])
    #expect(members.removeValue(forKey: "scheme") as? String == "Bearer")
    let older = try JSONSerialization.data(withJSONObject: members)
    #expect(try JSONDecoder().decode(SessionTokens.self, from: older).scheme == "Bearer")
  }
}
