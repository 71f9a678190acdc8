import Testing

@testable import TokenSigning

/// The examples that RFC 9449 prints, as it prints them, and proofs of each algorithm.
@Suite struct DPoPExampleTests {
  private static let header = """
    eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpD\
    a0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6\
    IlAtMjU2In19
    """
  private static let figure2 = """
    \(header).eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY2\
    9tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-F\
    NyJK70nfbV37xRZT3Lg
    """
  private static let figure13 = """
    \(header).eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm\
    9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OU\
    lpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLj\
    A
    """
  private static let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"

  @Test("Figure 2: the proof of a token request is accepted at the time of its making")
  func tokenRequest() throws {
    let request = try DPoPFixtures.request(uri: "https://server.example.com/token")
    let proof = try DPoPProofVerifier().verify(Self.figure2, for: request, nowMilliseconds: 1_562_262_616_000)
    #expect(proof.algorithm == .es256)
    #expect(proof.identifier == "-BwC3ESc6acc2lTc")
    #expect(proof.issuedAt == 1_562_262_616)
    #expect(proof.nonce == nil)
    #expect(proof.goodUntilMilliseconds == 1_562_262_676_000)
  }

  @Test("Figure 9: the key of the examples has the thumbprint that is printed there")
  func thumbprint() throws {
    let request = try DPoPFixtures.request(uri: "https://server.example.com/token")
    let proof = try DPoPProofVerifier().verify(Self.figure2, for: request, nowMilliseconds: 1_562_262_616_000)
    #expect(proof.thumbprint.text == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
    #expect(proof.thumbprint.bytes.count == 32)
    #expect(KeyThumbprint(text: proof.thumbprint.text) == proof.thumbprint)
    #expect(KeyThumbprint(bytes: proof.thumbprint.bytes) == proof.thumbprint)
  }

  @Test("Figure 13: the proof of a request with an access token is accepted with that token")
  func resourceRequest() throws {
    let request = try DPoPFixtures.request(
      method: "GET", uri: "https://resource.example.org/protectedresource", accessToken: Self.token)
    let proof = try DPoPProofVerifier().verify(Self.figure13, for: request, nowMilliseconds: 1_562_262_618_000)
    #expect(proof.identifier == "e1j3V_bKic8-LAEB")
  }

  @Test("Section 7.1: the digest of the example's access token is the ath that is printed there")
  func digest() {
    #expect(Digest(of: Array(Self.token.utf8)).text == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo")
  }

  @Test("RFC 7638 3.1: the RSA key of the example has the thumbprint that is printed there")
  func rsaThumbprint() throws {
    let key = """
      {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS\
      oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY36\
      8QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3\
      XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
      """
    let read = try ProofKey(.object(JSONReader.object(Array(key.utf8))), for: .rs256)
    #expect(read.thumbprint.text == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
  }

  @Test("RFC 8037 A.3: the Ed25519 key of the example has the thumbprint that is printed there")
  func ed25519Thumbprint() throws {
    let key = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    let read = try ProofKey(.object(JSONReader.object(Array(key.utf8))), for: .edDSA)
    #expect(read.thumbprint.text == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
  }

  @Test(
    "A text that is not the base64url of 32 bytes is no thumbprint",
    arguments: [
      "", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I=",
      "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4J", "0ZcOCORZNYy+DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
    ])
  func noThumbprint(text: String) {
    #expect(KeyThumbprint(text: text) == nil)
  }

  @Test(
    "A right proof of each algorithm is accepted and says what was signed",
    arguments: [SignatureAlgorithm.es256, .edDSA, .rs256, .ps256])
  func algorithms(algorithm: SignatureAlgorithm) throws {
    let signer = DPoPFixtures.signer(algorithm)
    let text = signer.proof(
      method: "GET", uri: "https://tokens.example/me", identifier: "ünïque \"1\"", issuedAt: 1_700_000_000,
      accessToken: DPoPFixtures.token, nonce: "abc")
    let request = try DPoPFixtures.request(
      method: "GET", uri: "https://tokens.example/me", accessToken: DPoPFixtures.token)
    let proof = try DPoPProofVerifier().verify(text, for: request, nowMilliseconds: DPoPFixtures.now)
    #expect(proof.algorithm == algorithm)
    #expect(proof.thumbprint == signer.thumbprint)
    #expect(proof.identifier == "ünïque \"1\"")
    #expect(proof.nonce == "abc")
  }

  @Test("The digest of a use is that of the key and the jti, whatever else the proof says")
  func useDigest() throws {
    func digest(_ signer: DPoPSigner, _ identifier: String, issuedAt: Int64) throws -> Digest {
      let text = signer.proof(method: "POST", uri: DPoPFixtures.uri, identifier: identifier, issuedAt: issuedAt)
      let request = try DPoPFixtures.request()
      return try DPoPProofVerifier().verify(text, for: request, nowMilliseconds: DPoPFixtures.now).useDigest
    }
    let first = try digest(DPoPFixtures.ec, "a", issuedAt: 1_700_000_000)
    #expect(try digest(DPoPFixtures.ec, "a", issuedAt: 1_699_999_990) == first)
    #expect(try digest(DPoPFixtures.ec, "b", issuedAt: 1_700_000_000) != first)
    #expect(try digest(DPoPFixtures.ed, "a", issuedAt: 1_700_000_000) != first)
  }
}
