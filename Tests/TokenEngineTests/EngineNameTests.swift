import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@Suite("Names that a program passes to the engine", .fewAtOnce)
struct EngineNameTests {
  private static let other = "jose\u{301}"

  private func isRefused(_ field: String, _ call: () async throws -> Void) async -> Bool {
    do {
      try await call()
      return false
    } catch EngineError.invalid(field: field, limit: let limit) {
      return limit.contains("NFC")
    } catch {
      return false
    }
  }

  @Test(
    "are refused in another form than NFC with the member, never changed, and nothing is opened",
    arguments: TestedLedger.allCases)
  func refused(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: ManualClock())
    let (web, strange) = (Client(id: "web", isPublic: true), Client(id: Self.other, isPublic: true))
    let subject = Subject(id: Self.other, scopes: [])
    #expect(
      await isRefused("subject") {
        _ = try await engine.openUncheckedSession(subject: Self.other, client: web, scopes: [])
      })
    #expect(await isRefused("subject") { _ = try await engine.openSession(for: subject, client: web) })
    #expect(
      await isRefused("client") {
        _ = try await engine.openUncheckedSession(subject: "ann", client: strange, scopes: [])
      })
    #expect(
      await isRefused("subject") {
        _ = try await engine.issueOneTimeToken(purpose: "reset", subject: Self.other, lifetime: .seconds(1))
      })
    let robot = Client(id: Self.other, isPublic: false, grants: [.clientCredentials])
    #expect(await isRefused("client") { _ = try await engine.clientToken(for: robot) })
    #expect(await isRefused("subject") { try await engine.revokeSessions(of: .subject(Self.other)) })
    #expect(await isRefused("client") { try await engine.revokeSessions(of: .client(Self.other)) })
    #expect(await isRefused("subject") { _ = try await engine.sessions(of: .subject(Self.other)) })
    #expect(await engine.statistics.entries == 0)
  }

  @Test(
    "pass in NFC, with compatibility characters as they are", arguments: TestedLedger.allCases,
    ["jos\u{E9}", "\u{FB01}n", "\u{D55C}"])
  func taken(on ledger: TestedLedger, name: String) async throws {
    let engine = try await ledger.engine(clock: ManualClock())
    let client = Client(id: name, isPublic: true)
    let pair = try await engine.openUncheckedSession(subject: name, client: client, scopes: [])
    let token = try engine.verify(pair.accessToken)
    #expect(Array(token.subject.utf8) == Array(name.utf8) && Array(token.client.utf8) == Array(name.utf8))
    try await engine.revokeSessions(of: .subject(name))
    #expect(throws: BadToken.revoked) { try engine.verify(pair.accessToken) }
  }
}
