import Testing

@testable import TokenSigning

@Suite struct ForeignTokenTests {
  private static let secretJWK = #"{"kty":"oct","kid":"s","k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}"#
  private static let claims = #"{"iss":"https://issuer.example","aud":"api","exp":1700003600}"#

  private func verifier(
    _ keys: String..., issuer: String? = nil, audience: String? = nil
  ) throws
    -> ForeignTokenVerifier
  {
    let set = try JWKSet(json: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8))
    return ForeignTokenVerifier(keys: set.keys, issuer: issuer, audience: audience)
  }

  private func refusal(
    _ token: String, _ verifier: ForeignTokenVerifier, at now: Int64 = ForeignFixtures.now
  ) -> TokenVerificationError? {
    TokenFixtures.refusal { () throws(TokenVerificationError) in _ = try verifier.verify(token, nowMilliseconds: now) }
  }

  private func hs256(header: String = #"{"alg":"HS256"}"#, claims: String = claims) throws -> String {
    try TokenFixtures.signed(header: header, payload: claims, secret: TokenFixtures.secret(1))
  }

  @Test(
    "A token of each algorithm is accepted by its key in a set of all",
    arguments: [
      (ForeignFixtures.rs256, SignatureAlgorithm.rs256), (ForeignFixtures.ps256, .ps256),
      (ForeignFixtures.ps256Bound, .ps256), (ForeignFixtures.es256, .es256), (ForeignFixtures.edDSA, .edDSA),
    ])
  func algorithms(token: String, algorithm: SignatureAlgorithm) throws {
    let all = try verifier(
      ForeignFixtures.ed, Self.secretJWK, ForeignFixtures.rsa, ForeignFixtures.ec, ForeignFixtures.pss,
      issuer: "https://issuer.example", audience: "other")
    let claims = try all.verify(token, nowMilliseconds: ForeignFixtures.now)
    #expect(claims.algorithm == algorithm)
    #expect(claims.subject == "alice")
    #expect(claims.audiences == ["api", "other"])
    #expect(claims.expiresAt == 1_700_003_600)
  }

  @Test(
    "Any bit of a signature changed is refused",
    arguments: [
      (ForeignFixtures.rs256, ForeignFixtures.rsa), (ForeignFixtures.es256, ForeignFixtures.ec),
      (ForeignFixtures.edDSA, ForeignFixtures.ed),
    ])
  func changedSignature(token: String, key: String) throws {
    let verifier = try verifier(key)
    let parts = token.split(separator: ".").map(String.init)
    let signature = try #require(Base64URL.decode(parts[2]))
    for index in stride(from: 0, to: signature.count, by: 7) {
      var changed = signature
      changed[index] ^= 0x10
      #expect(refusal("\(parts[0]).\(parts[1]).\(Base64URL.text(of: changed))", verifier) == .badSignature)
    }
    for wrong in [[], Array(signature.dropLast()), signature + [0], [0] + signature] {
      #expect(refusal("\(parts[0]).\(parts[1]).\(Base64URL.text(of: wrong))", verifier) == .badSignature)
    }
  }

  @Test("An ES256 signature with r or s zero, the order or above is refused before libcrypto")
  func signatureRange() throws {
    let signature = try #require(Base64URL.decode(String(ForeignFixtures.es256.split(separator: ".")[2])))
    #expect(P256Signature.der(signature) != nil)
    let order = try #require(Base64URL.decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"))
    var below = order
    below[31] -= 1
    let zero = [UInt8](repeating: 0, count: 32)
    let high = [UInt8](repeating: 0xFF, count: 32)
    for bad in [zero, order, high] {
      #expect(P256Signature.der(bad + signature[32...]) == nil)
      #expect(P256Signature.der(signature[..<32] + bad) == nil)
    }
    #expect(P256Signature.der(below + below) != nil)
    let one = [UInt8](repeating: 0, count: 31) + [1]
    #expect(P256Signature.der(one + one) == [0x30, 6, 2, 1, 1, 2, 1, 1])
  }

  @Test("The key decides the algorithm: a PS256 key takes no RS256, and no key takes another's")
  func algorithmOfKey() throws {
    #expect(refusal(ForeignFixtures.rs256OfPSSKey, try verifier(ForeignFixtures.pss)) == .algorithm)
    let token = try hs256(header: #"{"alg":"ES256","kid":"s"}"#)
    #expect(refusal(token, try verifier(Self.secretJWK, ForeignFixtures.ec)) == .algorithm)
  }

  @Test("A key asked for an algorithm that it is not for says no, even to bytes that are its own good code")
  func keyAlone() throws {
    let secret = try VerificationKey(secret: TokenFixtures.secret(1), id: nil)
    let code = try #require(HMACKey(TokenFixtures.secret(1))).code(of: "message")
    let publicKey = try #require(PublicKey.ed25519([UInt8](repeating: 1, count: 32)))
    for algorithm in SignatureAlgorithm.allCases {
      let accepted = secret.verifies(code, of: Array("message".utf8).span, by: algorithm)
      #expect(accepted == (algorithm == .hs256))
    }
    let accepted = publicKey.verifies(code, of: Array("message".utf8).span, by: .hs256)
    #expect(!accepted)
  }

  @Test("A public key's bytes as an HMAC secret open nothing")
  func algorithmConfusion() throws {
    let verifier = try verifier(ForeignFixtures.rsa)
    guard case .string(let n) = try JSONReader.object(Array(ForeignFixtures.rsa.utf8))["n"] else { return }
    for secret in [Array(ForeignFixtures.rsa.utf8), Array(n.utf8), try #require(Base64URL.decode(n))] {
      for header in [#"{"alg":"HS256","kid":"rsa"}"#, #"{"alg":"HS256"}"#] {
        let token = try TokenFixtures.signed(header: header, payload: Self.claims, secret: secret)
        #expect(refusal(token, verifier) == .algorithm)
      }
    }
  }

  @Test(
    "No spelling of none is an algorithm", arguments: ["none", "None", "NONE", "nOnE", "none ", "", "HS512", "hs256"])
  func none(algorithm: String) throws {
    let token = try hs256(header: "{\"alg\":\"\(algorithm)\"}")
    let unsigned = token.prefix(upTo: try #require(token.lastIndex(of: ".")))
    let verifier = try verifier(Self.secretJWK, ForeignFixtures.rsa)
    #expect(refusal(token, verifier) == .algorithm)
    #expect(refusal("\(unsigned).", verifier) == .algorithm)
  }

  @Test(
    "A header parameter that changes what is signed is refused by its name",
    arguments: [
      ("crit", #"["exp"]"#), ("crit", "[]"), ("b64", "false"), ("b64", "true"), ("zip", #""DEF""#),
      ("kid", "1"), ("typ", "{}"), ("cty", "null"),
    ])
  func headerParameters(name: String, value: String) throws {
    let token = try hs256(header: "{\"alg\":\"HS256\",\"\(name)\":\(value)}")
    #expect(refusal(token, try verifier(Self.secretJWK)) == .header(name))
  }

  @Test(
    "A header parameter that brings a key or says where one is changes nothing: only the verifier's keys count",
    arguments: [
      ("jwk", secretJWK), ("jwk", "1"), ("jku", #""https://evil.example""#), ("x5u", #""https://evil.example""#),
      ("x5c", #"["AA"]"#), ("x5t", #""AA""#), ("x5t#S256", "{}"),
    ])
  func ignoredParameters(name: String, value: String) throws {
    let header = "{\"alg\":\"HS256\",\"\(name)\":\(value)}"
    #expect(refusal(try hs256(header: header), try verifier(Self.secretJWK)) == nil)
    let forged = try TokenFixtures.signed(header: header, payload: Self.claims, secret: TokenFixtures.secret(9))
    #expect(refusal(forged, try verifier(Self.secretJWK)) == .badSignature)
  }

  @Test("A header that nothing is known against is accepted with parameters that nobody knows")
  func unknownParameters() throws {
    let token = try hs256(header: #"{"typ":"JWT","alg":"HS256","x5t":"AA","new":{"a":[1]}}"#)
    #expect(refusal(token, try verifier(Self.secretJWK)) == nil)
  }

  @Test("A key id chooses among the keys that have one, and a key without one may be meant")
  func keyIDs() throws {
    let unnamed = #"{"kty":"oct","k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"}"#
    let token = try hs256(header: #"{"alg":"HS256","kid":"t"}"#)
    #expect(refusal(token, try verifier(Self.secretJWK)) == .unknownKey)
    #expect(refusal(token, try verifier(Self.secretJWK, unnamed)) == nil)
    #expect(refusal(try hs256(), try verifier(Self.secretJWK)) == nil)
  }

  @Test("The times are checked to the millisecond, and a token without an end is refused")
  func times() throws {
    let verifier = try verifier(Self.secretJWK)
    let token = try hs256(claims: #"{"nbf":1000,"iat":999,"exp":2000}"#)
    #expect(refusal(token, verifier, at: 999_999) == .notYetValid)
    #expect(refusal(token, verifier, at: 1_000_000) == nil)
    #expect(refusal(token, verifier, at: 1_999_999) == nil)
    #expect(refusal(token, verifier, at: 2_000_000) == .expired)
    #expect(refusal(try hs256(claims: #"{"iat":1500,"exp":2000}"#), verifier, at: 1_499_999) == .notYetValid)
    #expect(refusal(try hs256(claims: "{}"), verifier) == .claims("exp"))
    for (name, value) in [
      ("exp", "\"2000\""), ("nbf", "-1.5"), ("iat", "1e400"), ("nbf", "-1"), ("exp", "1e13"), ("exp", "-0.5"),
      ("iat", "null"), ("exp", "[1700003600]"), ("exp", "99999999999999999999"),
    ] {
      let others = name == "exp" ? "" : ",\"exp\":1700003600"
      let token = try hs256(claims: "{\"\(name)\":\(value)\(others)}")
      #expect(refusal(token, verifier) == .claims(name))
    }
  }

  @Test("A time may have a fraction or an exponent (RFC 7519 §2), and counts to the millisecond")
  func fractions() throws {
    let verifier = try verifier(Self.secretJWK)
    let token = try hs256(claims: #"{"nbf":1000.25,"iat":9.995e2,"exp":2000.5}"#)
    #expect(refusal(token, verifier, at: 1_000_249) == .notYetValid)
    #expect(refusal(token, verifier, at: 1_000_250) == nil)
    #expect(refusal(token, verifier, at: 2_000_499) == nil)
    #expect(refusal(token, verifier, at: 2_000_500) == .expired)
    #expect(try verifier.verify(token, nowMilliseconds: 1_500_000).expiresAt == 2000)
    #expect(refusal(try hs256(claims: #"{"exp":1.700003600e9}"#), verifier) == nil)
  }

  @Test("The issuer and audience are checked when they are asked for")
  func parties() throws {
    let token = try hs256()
    #expect(refusal(token, try verifier(Self.secretJWK, issuer: "https://issuer.example", audience: "api")) == nil)
    #expect(refusal(token, try verifier(Self.secretJWK, issuer: "https://issuer.example/")) == .wrongIssuer)
    #expect(refusal(token, try verifier(Self.secretJWK, audience: "ap")) == .wrongAudience)
    let bare = try hs256(claims: #"{"exp":1700003600}"#)
    #expect(refusal(bare, try verifier(Self.secretJWK)) == nil)
    #expect(refusal(bare, try verifier(Self.secretJWK, issuer: "x")) == .wrongIssuer)
    #expect(refusal(bare, try verifier(Self.secretJWK, audience: "x")) == .wrongAudience)
    let mixed = try hs256(claims: #"{"aud":["api",1],"exp":1700003600}"#)
    #expect(refusal(mixed, try verifier(Self.secretJWK)) == .claims("aud"))
  }

  @Test("Duplicate members in a header or in claims are refused")
  func duplicates() throws {
    let verifier = try verifier(Self.secretJWK)
    #expect(refusal(try hs256(header: #"{"alg":"HS256","alg":"HS256"}"#), verifier) == .malformed)
    let token = try hs256(claims: #"{"exp":1700003600,"sub":"a","\u0073ub":"b"}"#)
    #expect(refusal(token, verifier) == .claims("claims"))
  }

  @Test("Our own tokens verify by their key file, and the other way of reading refuses none of them")
  func ownTokens() throws {
    let file = KeyFile.newKeySet()
    let keys = try TokenKeys(
      access: KeyFile.decode(file, path: "access.json"),
      refresh: [SigningKey(secret: TokenFixtures.secret(2), state: .current)])
    let token = TokenFixtures.minter(keys).mintAccess(TokenFixtures.access())
    for set in [try JWKSet(json: file), try JWKSet.secret(file)] {
      let verifier = ForeignTokenVerifier(
        keys: set.keys, issuer: TokenFixtures.issuer, audience: TokenFixtures.audience)
      #expect(refusal(token, verifier) == nil)
    }
  }
}
