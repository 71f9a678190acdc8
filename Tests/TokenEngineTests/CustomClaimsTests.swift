import Synchronization
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

private struct RoleClaims: Codable, Equatable, Sendable {
  var tenant: String
  var roles: [String]
}

private struct DirectoryDown: Error {}

@Suite("Custom claims", .fewAtOnce)
struct CustomClaimsTests {
  private static let web = Client(id: "web", isPublic: true)

  private static func engine(
    _ claims: @escaping @Sendable (ClaimsContext) async throws -> CustomClaims
  ) throws -> RotationEngine {
    var options = EngineOptions()
    options.grace = .seconds(30)
    options.customClaims = claims
    return try RotationEngine.inMemory(clock: ManualClock(), options: options)
  }

  @Test("come back from a verified access token as the value that they were made of")
  func decoded() async throws {
    let engine = try Self.engine { context in
      try CustomClaims(
        RoleClaims(tenant: "acme", roles: ["of-\(context.subject)", context.client] + context.scopes.tokens))
    }
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: ["read"])
    let claims = try engine.verify(pair.accessToken).customClaims(as: RoleClaims.self)
    #expect(claims == RoleClaims(tenant: "acme", roles: ["of-ann", "web", "read"]))
    let next = try await engine.refresh(pair.refreshToken, client: Self.web).pair()
    #expect(try engine.verify(next.accessToken).customClaims(as: RoleClaims.self) == claims)
  }

  @Test("are in the pair of a retry in the grace window byte for byte, as JSON text and as a value")
  func identicalInGrace() async throws {
    let asText = try Self.engine { _ in try CustomClaims(json: #"{"tenant":"acme","roles":["b","a"]}"#) }
    let asValue = try Self.engine { _ in try CustomClaims(RoleClaims(tenant: "acme", roles: ["b", "a"])) }
    for engine in [asText, asValue] {
      let first = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
      let next = try await engine.refresh(first.refreshToken, client: Self.web)
      #expect(try await engine.refresh(first.refreshToken, client: Self.web) == next)
    }
  }

  @Test("whose closure throws cost the caller a retry, and no token")
  func throwsConsumeNothing() async throws {
    let isDown = Mutex(false)
    let engine = try Self.engine { _ in
      guard !isDown.withLock({ $0 }) else { throw DirectoryDown() }
      return .empty
    }
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    let before = await engine.statistics.sequence
    isDown.withLock { $0 = true }
    let failure = await #expect(throws: EngineError.self) {
      try await engine.refresh(pair.refreshToken, client: Self.web)
    }
    guard case .foreign(let error) = failure else {
      Issue.record("not foreign: \(String(describing: failure))")
      return
    }
    #expect(error is DirectoryDown)
    #expect(failure?.isTemporary == true)
    #expect(await engine.statistics.sequence == before)
    isDown.withLock { $0 = false }
    #expect(try await engine.refresh(pair.refreshToken, client: Self.web).pair().session == pair.session)
  }

  @Test(
    "may not have the name of a standard claim",
    arguments: [
      "iss", "aud", "sub", "client_id", "scope", "iat", "exp", "exp_ms", "nbf", "jti", "sid",
    ])
  func reservedNames(name: String) async throws {
    let engine = try Self.engine { _ in try CustomClaims(json: #"{"ok":1,"\#(name)":"x"}"#) }
    let failure = await #expect(throws: EngineError.self) {
      try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    }
    #expect(failure?.description.contains("claims is outside its limit") == true)
    #expect(failure?.isTemporary == false)
    #expect(await engine.statistics.entries == 0)
  }

  @Test(
    "that are no JSON object or too large are refused with their limit",
    arguments: ["", "[]", "{", #"{"a":}"#, #"{"a":1,"a":2}"#, #"{"a":"\#(String(repeating: "x", count: 1020))"}"#])
  func badText(json: String) {
    let failure = #expect(throws: EngineError.self) { try CustomClaims(json: json) }
    #expect(failure?.description.contains("at most 1024 bytes and 32 members") == true)
  }

  @Test(
    "An access token with the most claims of one's own is accepted, and one byte more is refused with the field",
    arguments: TestedLedger.allCases)
  func mostClaims(on ledger: TestedLedger) async throws {
    let members = (0..<25).map { "\"claim\($0)\":\"\(String(repeating: "x", count: 20))\"" }.joined(separator: ",")
    let fixture = try await EngineFixture(on: ledger) { options in
      options.algorithm = .rs256
      options.issuer = "https://" + String(repeating: "i", count: 248)
      options.audience = String(repeating: "a", count: 256)
      options.customClaims = { _ in try CustomClaims(json: "{\(members)}") }
    }
    let scopes = try #require(Scopes(String(repeating: "s", count: 1024)))
    let client = Client(id: "c", isPublic: true)
    let subject = String(repeating: "s", count: 1900 - 1024 - 1 - members.utf8.count)
    let pair = try await fixture.engine.openUncheckedSession(subject: subject, client: client, scopes: scopes)
    _ = try fixture.engine.verify(pair.accessToken)
    await #expect(throws: EngineError.self) {
      _ = try await fixture.engine.openUncheckedSession(subject: subject + "s", client: client, scopes: scopes)
    }
  }
}
