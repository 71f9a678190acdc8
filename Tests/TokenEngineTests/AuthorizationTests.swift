import Testing
import TokenEngine
import TokenTesting

@Suite("The value of an Authorization header")
struct AuthorizationTests {
  private let engine: RotationEngine
  private let pair: TokenPair

  init() async throws {
    engine = try RotationEngine.inMemory(clock: ManualClock())
    pair = try await engine.openUncheckedSession(
      subject: "ann", client: Client(id: "web", isPublic: true), scopes: ["read"])
  }

  @Test("is verified whatever the case of its scheme", arguments: ["Bearer ", "bearer ", "BEARER ", "bEaReR   "])
  func good(scheme: String) throws {
    #expect(try engine.verify(authorization: scheme + pair.accessToken).subject == "ann")
    #expect(try engine.verify(authorization: [scheme + pair.accessToken]).scopes == ["read"])
  }

  @Test(
    "shows no bearer where it is absent or of another scheme",
    arguments: [nil, "", "Basic YTpi", "Bearer\t", "Bearer:", "BearerX", "Token x", " Bearer x", "Ｂearer x"])
  func absent(header: String?) {
    #expect(throws: AuthorizationError.absent) { try engine.verify(authorization: header) }
  }

  @Test("is malformed without exactly one token")
  func malformed() {
    let token = pair.accessToken
    for header in [
      "Bearer", "Bearer ", "Bearer  ", "Bearer \(token) ", "Bearer \(token) \(token)", "Bearer \(token),\(token)",
      "Bearer \(token)\r\nX: y", "Bearer \(token)\u{0}", "Bearer é",
    ] {
      #expect(throws: AuthorizationError.malformed, "\(header.debugDescription)") {
        try engine.verify(authorization: header)
      }
    }
    #expect(throws: AuthorizationError.malformed) {
      try engine.verify(authorization: ["Bearer \(token)", "Bearer \(token)"])
    }
    #expect(throws: AuthorizationError.absent) { try engine.verify(authorization: [String]()) }
  }

  @Test("says of a token what is wrong with it")
  func badToken() async throws {
    #expect(throws: AuthorizationError.badToken(.malformed)) { try engine.verify(authorization: "Bearer x") }
    #expect(throws: AuthorizationError.badToken(.wrongType)) {
      try engine.verify(authorization: "Bearer \(pair.refreshToken)")
    }
    try await engine.revoke(pair.session)
    #expect(throws: AuthorizationError.badToken(.revoked)) {
      try engine.verify(authorization: "Bearer \(pair.accessToken)")
    }
  }
}
