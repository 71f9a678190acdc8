import Testing

@testable import TokenSigning

/// The nonces of a server.
@Suite struct DPoPNonceTests {
  private static let secret = [UInt8](repeating: 7, count: 32)
  /// The start of a step of 60 seconds.
  private static let start: Int64 = 1_700_000_040_000

  private func nonces(_ secret: [UInt8] = secret, stepSeconds: Int64 = 60) throws -> DPoPNonces {
    try #require(DPoPNonces(secret: secret, stepSeconds: stepSeconds))
  }

  @Test("A nonce is 43 letters of base64url, the same for all of its step")
  func oneStep() throws {
    let nonces = try nonces()
    let nonce = nonces.nonce(nowMilliseconds: Self.start)
    #expect(Base64URL.decode(nonce)?.count == 32)
    #expect(nonces.nonce(nowMilliseconds: Self.start + 59_999) == nonce)
    #expect(nonces.nonce(nowMilliseconds: Self.start - 1) != nonce)
    #expect(nonces.nonce(nowMilliseconds: Self.start + 60_000) != nonce)
  }

  @Test("A nonce is good for its step and the next one, to the millisecond")
  func lifetime() throws {
    let nonces = try nonces()
    let nonce = nonces.nonce(nowMilliseconds: Self.start + 30_000)
    #expect(nonces.accepts(nonce, nowMilliseconds: Self.start))
    #expect(nonces.accepts(nonce, nowMilliseconds: Self.start + 59_999))
    #expect(nonces.accepts(nonce, nowMilliseconds: Self.start + 60_000))
    #expect(nonces.accepts(nonce, nowMilliseconds: Self.start + 119_999))
    #expect(!nonces.accepts(nonce, nowMilliseconds: Self.start + 120_000))
  }

  @Test("A nonce of a step to come is refused")
  func future() throws {
    let nonces = try nonces()
    let nonce = nonces.nonce(nowMilliseconds: Self.start + 60_000)
    #expect(!nonces.accepts(nonce, nowMilliseconds: Self.start + 59_999))
  }

  @Test("Steps are as long as they were asked for")
  func stepLength() throws {
    let nonces = try nonces(stepSeconds: 1)
    let nonce = nonces.nonce(nowMilliseconds: Self.start)
    #expect(nonces.accepts(nonce, nowMilliseconds: Self.start + 1999))
    #expect(!nonces.accepts(nonce, nowMilliseconds: Self.start + 2000))
  }

  @Test("Two servers with one secret accept each other's nonces, and with two secrets refuse them")
  func secrets() throws {
    let nonce = try nonces().nonce(nowMilliseconds: Self.start)
    #expect(try nonces().accepts(nonce, nowMilliseconds: Self.start))
    #expect(try !nonces([UInt8](repeating: 8, count: 32)).accepts(nonce, nowMilliseconds: Self.start))
  }

  @Test("A secret of less than 32 bytes is refused")
  func shortSecret() {
    #expect(DPoPNonces(secret: [UInt8](repeating: 7, count: 31)) == nil)
  }

  @Test("A text that is no nonce of this server is refused")
  func others() throws {
    let nonces = try nonces()
    let nonce = nonces.nonce(nowMilliseconds: Self.start)
    for other in ["", "a", nonce + "=", nonce + " ", String(nonce.dropLast()), nonce + "A", nonce.uppercased()] {
      #expect(!nonces.accepts(other, nowMilliseconds: Self.start))
    }
  }

  @Test("Steps before 1970 follow one another as those after it, and no time traps")
  func oddTimes() throws {
    let nonces = try nonces()
    let nonce = nonces.nonce(nowMilliseconds: -1)
    #expect(nonces.nonce(nowMilliseconds: 0) != nonce)
    #expect(nonces.nonce(nowMilliseconds: -60_000) == nonce)
    #expect(nonces.accepts(nonce, nowMilliseconds: 59_999))
    #expect(!nonces.accepts(nonce, nowMilliseconds: 60_000))
    for time in [Int64.min, .max] {
      #expect(nonces.accepts(nonces.nonce(nowMilliseconds: time), nowMilliseconds: time))
    }
  }

  // MARK: - In proofs

  private func refusal(nonce value: String?, at now: Int64 = DPoPFixtures.now) throws -> DPoPError? {
    let verifier = DPoPProofVerifier(pastSeconds: 600, nonces: try nonces())
    return DPoPFixtures.refusal(try DPoPFixtures.proof(claim: "nonce", value), by: verifier, at: now)
  }

  @Test("A verifier that asks for nonces accepts a proof with one of this step or the last")
  func rightNonce() throws {
    let nonce = try nonces().nonce(nowMilliseconds: DPoPFixtures.now)
    #expect(try refusal(nonce: "\"\(nonce)\"") == nil)
    #expect(try refusal(nonce: "\"\(nonce)\"", at: DPoPFixtures.now + 60_000) == nil)
    #expect(try refusal(nonce: "\"\(nonce)\"", at: DPoPFixtures.now + 120_000) == .otherNonce)
  }

  @Test("A verifier that asks for nonces tells a proof without one to get one")
  func nonceMissing() throws {
    #expect(try refusal(nonce: nil) == .nonceMissing)
  }

  @Test("A verifier that asks for nonces refuses the nonce of another", arguments: ["", "a", "abcdefgh"])
  func otherNonce(nonce: String) throws {
    #expect(try refusal(nonce: "\"\(nonce)\"") == .otherNonce)
  }

  @Test("A nonce that is no text is an invalid proof, asked for or not", arguments: ["null", "1", "[\"a\"]"])
  func malformedNonce(value: String) throws {
    #expect(try refusal(nonce: value) == .nonceMalformed)
    #expect(DPoPFixtures.refusal(try DPoPFixtures.proof(claim: "nonce", value)) == .nonceMalformed)
  }

  @Test("A verifier that asks for no nonce hands out that of the proof")
  func handedOut() throws {
    let proof = try DPoPFixtures.proof(claim: "nonce", "\"any\"")
    let request = try DPoPFixtures.request()
    #expect(try DPoPProofVerifier().verify(proof, for: request, nowMilliseconds: DPoPFixtures.now).nonce == "any")
  }

  @Test("A wrong nonce is told last: whoever is told to get another has nothing else to fix")
  func nonceLast() throws {
    let verifier = DPoPProofVerifier(nonces: try nonces())
    let proof = try DPoPFixtures.proof(claim: "htm", "\"GET\"")
    #expect(DPoPFixtures.refusal(proof, by: verifier) == .otherMethod)
  }
}
