import LedgerTesting
import Testing
import TokenEngine
import TokenSigning
import TokenTesting

@testable import TokenEngine

@Suite("A value that holds a secret")
struct RedactionTests {
  private static func expect(_ secrets: [String], areHiddenBy value: some Sendable) {
    for text in Renderings.of(value) {
      for secret in secrets { #expect(!text.contains(secret), "\(type(of: value))") }
    }
  }

  @Test("shows no token when it is printed, dumped or interpolated, nor inside lists, optionals and outcomes")
  func tokens() async throws {
    let engine = try RotationEngine.inMemory(clock: ManualClock())
    let web = Client(id: "web", isPublic: true)
    let pair = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: ["read"])
    // Parts of a token too: its signature is what makes it one.
    let secrets = [pair.accessToken, pair.refreshToken].flatMap { token in
      [token, String(token.split(separator: ".").last ?? "")]
    }
    Self.expect(secrets, areHiddenBy: pair)
    Self.expect(secrets, areHiddenBy: GrantOutcome.granted(pair))
    Self.expect(secrets, areHiddenBy: RefreshRequest(token: pair.refreshToken, client: web))
    Self.expect(secrets, areHiddenBy: ImportOutcome.opened(refreshToken: pair.refreshToken, pair.session))
    #expect("\(GrantOutcome.granted(pair))".contains(pair.session.text))

    let service = Client(id: "service", isPublic: false, grants: [.clientCredentials])
    let outcome = try await engine.clientToken(for: service)
    guard case .granted(let token) = outcome else {
      Issue.record("refused")
      return
    }
    Self.expect([token.accessToken], areHiddenBy: token)
    Self.expect([token.accessToken], areHiddenBy: outcome)

    let oneTime = try await engine.issueOneTimeToken(
      purpose: "reset", subject: "ann", payload: [211, 212, 213], lifetime: .seconds(60))
    Self.expect([oneTime.text], areHiddenBy: oneTime)
    let consumed = try await engine.consumeOneTimeToken(oneTime.text, purpose: "reset")
    Self.expect(["211", "212"], areHiddenBy: consumed)
    #expect("\(consumed)" == #"consumed(subject: "ann", payload: 3 bytes redacted)"#)
  }

  @Test("shows no random secret")
  func randomSecret() {
    let secret = RandomSecret()
    Self.expect([secret.text], areHiddenBy: secret)
  }

  @Test("shows no key, whatever its algorithm", arguments: SignatureAlgorithm.allCases)
  func keys(algorithm: SignatureAlgorithm) throws {
    let keys = TokenKeys.generate(algorithm)
    for key in keys.access + keys.refresh { #expect("\(key)" == "SigningKey(redacted)") }
    for text in Renderings.of(keys) { #expect(!text.contains("HMACKey") && !text.contains("PrivateKey"), "\(text)") }
  }
}
