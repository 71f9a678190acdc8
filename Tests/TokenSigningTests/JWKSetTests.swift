import Testing

@testable import TokenSigning

@Suite struct JWKSetTests {
  private static let good = #"{"kty":"oct","kid":"s","k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}"#

  private func set(_ keys: String...) throws(KeyError) -> JWKSet {
    try JWKSet(json: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8))
  }

  private func failure(_ open: () throws(KeyError) -> Void) -> KeyError? {
    do {
      try open()
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "A key that is not usable here is passed over, with its reason, and the others stay",
    arguments: [
      (#"{"kty":"XYZ"}"#, "is of an unknown type"), ("{}", "has no \"kty\""), ("7", "is not an object"),
      (#"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#, "is on a curve other than P-256"),
      (#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, "is on a curve other than Ed25519"),
      (#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#, "is not an Ed25519 key of 32 bytes"),
      (
        #"{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        "is not an Ed25519 key of 32 bytes"
      ),
      (
        #"{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA"}"#,
        "is not an Ed25519 key of 32 bytes"
      ),
      (
        #"{"kty":"OKP","crv":"Ed25519","x":"JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU"}"#,
        "is not an Ed25519 key of 32 bytes"
      ),
      (
        #"{"kty":"OKP","crv":"Ed25519","x":"xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"}"#,
        "is not an Ed25519 key of 32 bytes"
      ),
      (
        #"{"kty":"OKP","crv":"Ed25519","x":"7v_______________________________________38"}"#,
        "is not an Ed25519 key of 32 bytes"
      ),
      (#"{"kty":"oct","k":"AQEB"}"#, "an HS256 key must have at least 32 bytes"),
      (#"{"kty":"oct","k":"AQEB="}"#, "\"k\" is not base64url without padding"),
      (
        #"{"kty":"oct","alg":"none","k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}"#,
        "is for an algorithm that is not supported with its type"
      ),
      (#"{"kty":"oct","use":"enc","k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}"#, "is not for signatures"),
      (#"{"kty":"oct","key_ops":["sign"],"k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}"#, "is not for verifying"),
      (ForeignFixtures.weakRSA, "is not an RSA key of 2048 to 8192 bits"),
    ])
  func unusable(key: String, reason: String) throws {
    let set = try set(key, Self.good)
    #expect(set.keys.map(\.id) == ["s"])
    #expect(set.ignored == ["key 0: \(reason)"])
    #expect(failure { () throws(KeyError) in _ = try self.set(key) }?.message.contains(reason) == true)
  }

  @Test("A point that is not on P-256 is no key")
  func offCurve() throws {
    let key = """
      {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
      "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"}
      """
    #expect(try set(key, Self.good).ignored == ["key 0: is not a point of P-256"])
  }

  @Test("An RSA key with an even or unit exponent, or a leading zero, is no key")
  func exponents() throws {
    for exponent in ["AQ", "Ag", "AQAA", "AAEAAQ", "", "AQAAAAAAAAAB"] {
      let key = ForeignFixtures.rsa.replacing("\"e\":\"AQAB\"", with: "\"e\":\"\(exponent)\"")
      #expect(try set(key, Self.good).keys.count == 1)
    }
    #expect(try set(ForeignFixtures.rsa, Self.good).keys.count == 2)
  }

  @Test("Unknown members are ignored, duplicate ones and duplicate keys refused")
  func members() throws {
    let known =
      #"{"kty":"oct","new":[{}],"state":"current","kid":"s","k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}"#
    #expect(try set(known).keys.count == 1)
    #expect(failure { () throws(KeyError) in _ = try set(known, Self.good) }?.message.hasPrefix("key 1 has") == true)
    let twice = #"{"keys":[],"keys":[]}"#
    let duplicate = failure { () throws(KeyError) in _ = try JWKSet(json: Array(twice.utf8)) }
    #expect(duplicate?.message.contains("names a member twice") == true)
  }

  @Test("64 keys are read and 65 refused; so is a file over 256 KiB")
  func limits() throws {
    func keys(_ count: Int) -> [UInt8] {
      let all = (0..<count).map { Self.good.replacing("\"s\"", with: "\"\($0)\"") }
      return Array("{\"keys\":[\(all.joined(separator: ","))]}".utf8)
    }
    #expect(try JWKSet(json: keys(64)).keys.count == 64)
    #expect(failure { () throws(KeyError) in _ = try JWKSet(json: keys(65)) } != nil)
    let spaces = [UInt8](repeating: 0x20, count: 256 * 1024)
    #expect(
      failure { () throws(KeyError) in _ = try JWKSet(json: spaces + keys(1)) }?.message.contains("KiB") == true)
  }

  @Test("A secret file is a JWK, or raw bytes without one newline at their end")
  func secrets() throws {
    let raw = Array("0123456789abcdef0123456789abcdef".utf8)
    let token = try TokenFixtures.signed(header: #"{"alg":"HS256"}"#, payload: #"{"exp":9}"#, secret: raw)
    for file in [raw, raw + [10], raw + [13, 10]] {
      let verifier = ForeignTokenVerifier(keys: try JWKSet.secret(file).keys)
      #expect(try verifier.verify(token, nowMilliseconds: 0).expiresAt == 9)
    }
    let other = ForeignTokenVerifier(keys: try JWKSet.secret(raw + [10, 10]).keys)
    #expect(throws: TokenVerificationError.badSignature) { try other.verify(token, nowMilliseconds: 0) }
    #expect(try JWKSet.secret(Array(Self.good.utf8)).keys.map(\.id) == ["s"])
  }

  @Test(
    "A short secret, a public key and a PEM file are no secret",
    arguments: [
      "0123456789abcdef0123456789abcde\n", "", ForeignFixtures.rsa,
      "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n",
    ])
  func notSecrets(file: String) {
    #expect(failure { () throws(KeyError) in _ = try JWKSet.secret(Array(file.utf8)) } != nil)
  }

  @Test("A file that is not there is told from one that is bad")
  func files() {
    let missing = failure { () throws(KeyError) in _ = try JWKSet.open(path: "/nonexistent/jwks.json") }
    #expect(missing?.kind == .missing)
    #expect(missing?.description.hasPrefix("/nonexistent/jwks.json: ") == true)
    let bad = failure { () throws(KeyError) in _ = try JWKSet.open(path: "/dev/null") }
    #expect(bad?.kind == .malformed)
    let endless = failure { () throws(KeyError) in _ = try JWKSet.openSecret(path: "/dev/zero") }
    #expect(endless?.kind == .malformed)
  }
}
