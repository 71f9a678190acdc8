import Testing
import TokenTesting

@testable import TokenSigning

/// The keys that make proofs in the tests of embedders.
@Suite struct DPoPMakerTests {
  private let uri = "https://tokens.example/me"

  @Test(
    "A key of each algorithm makes proofs that are accepted, under its thumbprint",
    arguments: [SignatureAlgorithm.es256, .edDSA, .rs256, .ps256])
  func accepted(algorithm: SignatureAlgorithm) throws {
    let key = DPoPKey(algorithm)
    let text = key.proof(
      method: "GET", uri: uri, identifier: "1", issuedAt: 1_700_000_000, accessToken: "token", nonce: "abc")
    let request = DPoPRequest(method: "GET", target: try DPoPTarget(uri), accessToken: "token")
    let proof = try DPoPProofVerifier().verify(text, for: request, nowMilliseconds: 1_700_000_000_000)
    #expect(proof.algorithm == algorithm)
    #expect(proof.algorithm == key.algorithm)
    #expect(proof.thumbprint.text == key.thumbprint)
    #expect(proof.identifier == "1")
    #expect(proof.nonce == "abc")
  }

  @Test("Two keys are two, and one key has one thumbprint")
  func keys() {
    let key = DPoPKey()
    #expect(key.thumbprint == key.thumbprint)
    #expect(key.thumbprint != DPoPKey().thumbprint)
  }

  @Test("A key signs what has to be refused as well")
  func refused() throws {
    let key = DPoPKey()
    let text = key.signed(header: key.header, claims: "{\"jti\":\"1\"}")
    let request = DPoPRequest(method: "GET", target: try DPoPTarget(uri))
    #expect(throws: DPoPError.methodMissing) {
      try DPoPProofVerifier().verify(text, for: request, nowMilliseconds: 1_700_000_000_000)
    }
  }

  @Test("The public half is a key that the header of a proof has, and no more")
  func publicHalf() throws {
    let key = DPoPKey()
    #expect(key.header.contains("\"jwk\":\(key.publicJWK)}"))
    let names = try JSONReader.object(Array(key.publicJWK.utf8)).members.map(\.name)
    #expect(names == ["crv", "kty", "x", "y"])
  }
}
