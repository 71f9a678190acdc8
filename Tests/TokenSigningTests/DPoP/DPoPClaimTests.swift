import Testing

@testable import TokenSigning

/// The claims of a proof whose form, key and signature are right.
@Suite struct DPoPClaimTests {
  private func refusal(_ name: String, _ value: String?, of request: DPoPRequest? = nil) throws -> DPoPError? {
    DPoPFixtures.refusal(try DPoPFixtures.proof(claim: name, value), of: request)
  }

  private func refusal(claims: String) -> DPoPError? {
    DPoPFixtures.refusal(DPoPFixtures.ec.signed(header: DPoPFixtures.ec.header, claims: claims))
  }

  @Test(
    "Claims that are no strict JSON object are refused",
    arguments: [
      "", "null", "[]", "{", "\(DPoPFixtures.claims)x", "{\"jti\":\"one\",}", "{\"jti\":\"\\ud800\"}",
      "{\"a\":\(String(repeating: "[", count: 9))\(String(repeating: "]", count: 9))}",
      "{\((0...64).map { "\"\($0)\":0" }.joined(separator: ","))}",
    ])
  func claims(text: String) {
    #expect(refusal(claims: text) == .claims)
  }

  @Test(
    "Claims that name a member twice are refused, also an unknown one and under an escape",
    arguments: ["\"jti\":\"two\"", "\"\\u006ati\":\"two\"", "\"new\":1,\"new\":1"])
  func duplicates(members: String) {
    #expect(refusal(claims: "{\(members),\(DPoPFixtures.claims.dropFirst())") == .claims)
  }

  @Test(
    "Claims that nobody knows change nothing, nor does an exp",
    arguments: [("new", "{\"a\":[1]}"), ("exp", "1"), ("aud", "\"other\""), ("ath", "1")])
  func unknown(name: String, value: String) throws {
    #expect(try refusal(name, value) == nil)
  }

  // MARK: - jti

  @Test("A proof without a text as jti is refused", arguments: [nil, "null", "1", "[\"one\"]"])
  func identifierMissing(value: String?) throws {
    #expect(try refusal("jti", value) == .identifierMissing)
  }

  @Test(
    "A jti of 1 to 256 bytes is accepted, counted in UTF-8",
    arguments: [
      "a", "é", "\\u0000", String(repeating: "a", count: 256), String(repeating: "é", count: 128),
    ])
  func identifier(text: String) throws {
    #expect(try refusal("jti", "\"\(text)\"") == nil)
  }

  @Test(
    "An empty jti, and one of more than 256 bytes, is refused",
    arguments: [
      "", String(repeating: "a", count: 257), String(repeating: "é", count: 128) + "a",
    ])
  func identifierLength(text: String) throws {
    #expect(try refusal("jti", "\"\(text)\"") == .identifierLength)
  }

  // MARK: - htm

  @Test("A proof without a text as htm is refused", arguments: [nil, "null", "1", "[\"POST\"]"])
  func methodMissing(value: String?) throws {
    #expect(try refusal("htm", value) == .methodMissing)
  }

  @Test(
    "A method in another letter case, or another method, is refused",
    arguments: ["", "post", "Post", "GET", "POST ", " POST", "POS", "POSTS", "*"])
  func otherMethod(method: String) throws {
    #expect(try refusal("htm", "\"\(method)\"") == .otherMethod)
  }

  @Test("A method that Unicode takes for the same is another one")
  func methodInUnicode() throws {
    let request = try DPoPFixtures.request(method: "LOCK")
    #expect(try refusal("htm", "\"LOCK\"", of: request) == nil)
    #expect(try refusal("htm", "\"LOC\u{212A}\"", of: request) == .otherMethod)
  }

  // MARK: - htu

  @Test("A proof without a text as htu is refused", arguments: [nil, "null", "1", "[\"\(DPoPFixtures.uri)\"]"])
  func targetMissing(value: String?) throws {
    #expect(try refusal("htu", value) == .targetMissing)
  }

  @Test("A proof for another URI is refused")
  func otherTarget() throws {
    #expect(try refusal("htu", "\"https://tokens.example/other\"") == .otherTarget)
  }

  @Test("A proof whose htu is no absolute URI is refused for that")
  func malformedTarget() throws {
    #expect(try refusal("htu", "\"/token\"") == .targetMalformed)
  }

  @Test("A proof whose htu is another spelling of the URI is accepted")
  func otherSpelling() throws {
    #expect(try refusal("htu", "\"HTTPS://Tokens.Example:443/%74oken?a=b#c\"") == nil)
  }

  // MARK: - iat

  @Test(
    "A proof without whole seconds from 1970 to 9999 as iat is refused",
    arguments: [
      nil, "null", "\"1700000000\"", "1700000000.0", "1.7e9", "-1", "-0", "[1700000000]", "253402300800",
      "99999999999999999999",
    ])
  func issuedAtMissing(value: String?) throws {
    #expect(try refusal("iat", value) == .issuedAtMissing)
  }

  @Test("A proof is good until the 60th second after its making, and no millisecond longer")
  func windowEnd() throws {
    let proof = try DPoPFixtures.proof(claim: "iat", "1700000000")
    #expect(DPoPFixtures.refusal(proof, at: 1_700_000_060_000) == nil)
    #expect(DPoPFixtures.refusal(proof, at: 1_700_000_060_001) == .tooOld)
    #expect(DPoPFixtures.refusal(proof, at: 1_700_000_061_000) == .tooOld)
  }

  @Test("A proof is good from the 5th second before its making on, and no millisecond sooner")
  func windowStart() throws {
    let proof = try DPoPFixtures.proof(claim: "iat", "1700000000")
    #expect(DPoPFixtures.refusal(proof, at: 1_699_999_995_000) == nil)
    #expect(DPoPFixtures.refusal(proof, at: 1_699_999_994_999) == .tooNew)
    #expect(DPoPFixtures.refusal(proof, at: 1_699_999_994_000) == .tooNew)
  }

  @Test("The window is as wide as it was asked for")
  func otherWindow() throws {
    let verifier = DPoPProofVerifier(pastSeconds: 300, futureSeconds: 0)
    let proof = try DPoPFixtures.proof(claim: "iat", "1700000000")
    #expect(DPoPFixtures.refusal(proof, by: verifier, at: 1_700_000_300_000) == nil)
    #expect(DPoPFixtures.refusal(proof, by: verifier, at: 1_700_000_300_001) == .tooOld)
    #expect(DPoPFixtures.refusal(proof, by: verifier, at: 1_699_999_999_999) == .tooNew)
  }

  @Test("A proof says until when it passes again: the last millisecond of its window")
  func goodUntil() throws {
    let verifier = DPoPProofVerifier(pastSeconds: 10)
    let proof = try DPoPFixtures.proof(claim: "iat", "1700000000")
    let request = try DPoPFixtures.request()
    let accepted = try verifier.verify(proof, for: request, nowMilliseconds: 1_700_000_001_234)
    #expect(DPoPFixtures.refusal(proof, by: verifier, at: accepted.goodUntilMilliseconds) == nil)
    #expect(DPoPFixtures.refusal(proof, by: verifier, at: accepted.goodUntilMilliseconds + 1) == .tooOld)
  }

  @Test("A time that no clock shows traps nowhere")
  func absurdTimes() throws {
    let proof = try DPoPFixtures.proof(claim: "iat", "253402300799")
    #expect(DPoPFixtures.refusal(proof, at: .max) == .tooOld)
    #expect(DPoPFixtures.refusal(proof, at: .min) == .tooNew)
  }

  // MARK: - ath

  private func withToken(_ value: String?) throws -> DPoPError? {
    try refusal("ath", value, of: DPoPFixtures.request(accessToken: DPoPFixtures.token))
  }

  @Test("With an access token, a proof without a text as ath is refused", arguments: [nil, "null", "1"])
  func digestMissing(value: String?) throws {
    #expect(try withToken(value) == .tokenDigestMissing)
  }

  @Test("With an access token, its digest in base64url is accepted")
  func digest() throws {
    #expect(try withToken("\"\(Digest(of: Array(DPoPFixtures.token.utf8)).text)\"") == nil)
  }

  @Test("With an access token, any other digest or spelling is refused")
  func otherDigest() throws {
    let right = Digest(of: Array(DPoPFixtures.token.utf8)).text
    let other = Digest(of: Array("another token".utf8)).text
    let tokenItself = DPoPFixtures.token
    for wrong in ["", right + "=", right + " ", String(right.dropLast()), right.uppercased(), other, tokenItself] {
      #expect(try withToken("\"\(wrong)\"") == .otherToken)
    }
  }

  // MARK: - The order

  @Test("A bad signature is told before any claim, so that nobody learns from claims that nobody signed")
  func signatureFirst() throws {
    let proof = DPoPSigner().signed(header: DPoPFixtures.ec.header, claims: "{}")
    #expect(DPoPFixtures.refusal(proof) == .signature)
  }

  @Test("Every reason has a text of its own, one line long")
  func texts() {
    let texts = DPoPError.allCases.map(\.description)
    #expect(Set(texts).count == DPoPError.allCases.count)
    #expect(texts.allSatisfy { !$0.isEmpty && !$0.contains("\n") })
  }

  @Test("Only a missing or wrong nonce is told as such; all else is an invalid proof")
  func codes() {
    let nonces = DPoPError.allCases.filter { $0.code == "use_dpop_nonce" }
    #expect(nonces == [.nonceMissing, .otherNonce])
    #expect(DPoPError.allCases.allSatisfy { nonces.contains($0) || $0.code == "invalid_dpop_proof" })
  }
}
