import Testing
import TokenEngine
import TokenSigning
import TokenTesting

@testable import TokenEngine

@Suite("A value that holds a secret")
struct RedactionTests {
  /// All that Swift can make of a value without its members' names, alone and inside others.
  private static func texts(_ value: some Sendable) -> [String] {
    let nested: [Any] = [
      value, [value], Optional(value) as Any, ["key": value], (1, value), Result<Any, any Error>.success(value),
    ]
    return nested.flatMap { value in
      var dumped = ""
      dump(value, to: &dumped)
      return ["\(value)", String(describing: value), String(reflecting: value), dumped]
    }
  }

  private static func expect(_ secrets: [String], areHiddenBy value: some Sendable) {
    for text in texts(value) {
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

  @Test("shows no password hash, digest or random secret")
  func accounts() throws {
    let cost = try #require(PasswordCost(memoryKiB: 8, passes: 1, lanes: 1))
    let hash = try PasswordHash.make(password: "correct horse", cost: cost)
    let secrets = [hash.text, String(hash.text.split(separator: "$").last ?? "")]
    Self.expect(secrets, areHiddenBy: hash)
    Self.expect(secrets, areHiddenBy: try UserEntry(name: "ann", hash: hash, scopes: []))
    let digest = try SecretDigest(secret: Array("0123456789abcdef".utf8))
    Self.expect([String(digest.text.dropFirst(7))], areHiddenBy: digest)
    #expect("\(digest)" == "SecretDigest(redacted)")
    let secret = RandomSecret()
    Self.expect([secret.text], areHiddenBy: secret)
  }

  @Test("shows no key, whatever its algorithm", arguments: SignatureAlgorithm.allCases)
  func keys(algorithm: SignatureAlgorithm) throws {
    let keys = TokenKeys.generate(algorithm)
    for key in keys.access + keys.refresh { #expect("\(key)" == "SigningKey(redacted)") }
    for text in Self.texts(keys) { #expect(!text.contains("HMACKey") && !text.contains("PrivateKey"), "\(text)") }
  }
}
