import Testing

@testable import TokenSigning

/// For each reason a token that is good in every other respect.
@Suite struct TokenVerifierTests {
  private let keys: TokenKeys
  private let minter: TokenMinter
  private let verifier: TokenVerifier

  init() throws {
    keys = try TokenFixtures.keys()
    minter = TokenFixtures.minter(keys)
    verifier = TokenFixtures.verifier(keys)
  }

  private func accessRefusal(_ token: String, at now: Int64 = TokenFixtures.now) -> TokenVerificationError? {
    TokenFixtures.refusal { () throws(TokenVerificationError) in
      _ = try verifier.verifyAccess(token, nowMilliseconds: now)
    }
  }

  private func refreshRefusal(_ token: String, at now: Int64 = TokenFixtures.now) -> TokenVerificationError? {
    TokenFixtures.refusal { () throws(TokenVerificationError) in
      _ = try verifier.verifyRefresh(token, nowMilliseconds: now)
    }
  }

  @Test("The fixtures that the refusals are made from pass as they are")
  func fixturesPass() throws {
    #expect(accessRefusal(minter.mintAccess(TokenFixtures.access())) == nil)
    #expect(refreshRefusal(minter.mintRefresh(TokenFixtures.refresh())) == nil)
    #expect(accessRefusal(try TokenFixtures.accessToken(claims: TokenFixtures.claims())) == nil)
  }

  @Test("A token is good in the millisecond before its end and expired in the next")
  func expiry() {
    let access = minter.mintAccess(TokenFixtures.access())
    let refresh = minter.mintRefresh(TokenFixtures.refresh())
    #expect(accessRefusal(access, at: 1_700_000_899_999) == nil)
    #expect(accessRefusal(access, at: 1_700_000_900_000) == .expired)
    #expect(refreshRefusal(refresh, at: 1_700_000_899_999) == nil)
    #expect(refreshRefusal(refresh, at: 1_700_000_900_000) == .expired)
    #expect(accessRefusal(access, at: .max) == .expired)
    #expect(accessRefusal(access, at: .min) == nil)
  }

  @Test("An expired token passes where only its expiry is ignored, and a bad one does not")
  func ignoredExpiry() throws {
    let access = TokenFixtures.access(expiresAt: 1, expiresAtMilliseconds: 900)
    let token = minter.mintAccess(access)
    #expect(try verifier.verifyAccess(token, nowMilliseconds: .max, ignoringExpiry: true) == access)
    #expect(throws: TokenVerificationError.expired) { try verifier.verifyAccess(token, nowMilliseconds: .max) }
    let refresh = minter.mintRefresh(TokenFixtures.refresh())
    #expect(
      try verifier.verifyRefresh(refresh, nowMilliseconds: .max, ignoringExpiry: true) == TokenFixtures.refresh())
    let strangers = TokenFixtures.minter(try TokenFixtures.keys(access: 9, refresh: 10))
    #expect(throws: TokenVerificationError.unknownKey) {
      try verifier.verifyRefresh(
        strangers.mintRefresh(TokenFixtures.refresh()), nowMilliseconds: 0, ignoringExpiry: true)
    }
    let others = TokenFixtures.minter(keys, issuer: "https://elsewhere.example")
    #expect(throws: TokenVerificationError.wrongIssuer) {
      try verifier.verifyAccess(others.mintAccess(access), nowMilliseconds: 0, ignoringExpiry: true)
    }
    #expect(throws: TokenVerificationError.wrongType) {
      try verifier.verifyAccess(refresh, nowMilliseconds: 0, ignoringExpiry: true)
    }
  }

  @Test("An end within a second is kept to the millisecond")
  func exactEnd() throws {
    let claims = TokenFixtures.access(expiresAt: 1_700_000_001, expiresAtMilliseconds: 1_700_000_000_250)
    let token = minter.mintAccess(claims)
    #expect(try verifier.verifyAccess(token, nowMilliseconds: 1_700_000_000_249) == claims)
    #expect(accessRefusal(token, at: 1_700_000_000_250) == .expired)
  }

  @Test("An expired token with a bad signature is not called expired")
  func signatureBeforeExpiry() throws {
    let other = TokenFixtures.minter(try TokenFixtures.keys(access: 9))
    let good = minter.mintAccess(TokenFixtures.access(expiresAt: 1)).split(separator: ".")
    let bad = other.mintAccess(TokenFixtures.access(expiresAt: 1)).split(separator: ".")
    #expect(accessRefusal("\(good[0]).\(good[1]).\(good[2])") == .expired)
    #expect(accessRefusal("\(good[0]).\(good[1]).\(bad[2])") == .badSignature)
  }

  @Test("A token of the other type is of the wrong type, both ways")
  func wrongType() {
    #expect(accessRefusal(minter.mintRefresh(TokenFixtures.refresh())) == .wrongType)
    #expect(refreshRefusal(minter.mintAccess(TokenFixtures.access())) == .wrongType)
  }

  @Test("The other type's header with this type's signature is refused")
  func swappedHeader() throws {
    let refresh = minter.mintRefresh(TokenFixtures.refresh()).split(separator: ".")
    let key = try SigningKey(secret: TokenFixtures.secret(1), state: .current)
    let header = String(decoding: TokenType.access.encodedHeader(for: key), as: UTF8.self)
    #expect(accessRefusal("\(header).\(refresh[1]).\(refresh[2])") == .badSignature)
  }

  @Test("A token of another key of the same shape has an unknown key")
  func unknownKey() throws {
    let stranger = TokenFixtures.minter(try TokenFixtures.keys(access: 9, refresh: 10))
    #expect(accessRefusal(stranger.mintAccess(TokenFixtures.access())) == .unknownKey)
    #expect(refreshRefusal(stranger.mintRefresh(TokenFixtures.refresh())) == .unknownKey)
  }

  @Test("A token of another issuer, with our key, is refused")
  func wrongIssuer() {
    let other = TokenFixtures.minter(keys, issuer: "https://tokens.example/")
    #expect(accessRefusal(other.mintAccess(TokenFixtures.access())) == .wrongIssuer)
    #expect(refreshRefusal(other.mintRefresh(TokenFixtures.refresh())) == .wrongIssuer)
  }

  @Test("An issuer that differs only in its normalization is another issuer")
  func issuerBytes() {
    let composed = TokenFixtures.minter(keys, issuer: "https://\u{E9}.example")
    let verifier = TokenFixtures.verifier(keys, issuer: "https://e\u{301}.example")
    let token = composed.mintAccess(TokenFixtures.access())
    #expect(throws: TokenVerificationError.wrongIssuer) {
      try verifier.verifyAccess(token, nowMilliseconds: TokenFixtures.now)
    }
  }

  @Test("An access token for another audience, for none, or for one where none is wanted is refused")
  func wrongAudience() {
    for audience in ["https://other.example", ""] {
      let other = TokenFixtures.minter(keys, audience: audience)
      #expect(accessRefusal(other.mintAccess(TokenFixtures.access())) == .wrongAudience)
    }
    let verifier = TokenFixtures.verifier(keys, audience: "")
    let token = minter.mintAccess(TokenFixtures.access())
    #expect(throws: TokenVerificationError.wrongAudience) {
      try verifier.verifyAccess(token, nowMilliseconds: TokenFixtures.now)
    }
  }

  @Test(
    "An access token without an audience is good where the audience is the issuer, as those of releases that named none"
  )
  func audienceOfNone() {
    let token = TokenFixtures.minter(keys, audience: "").mintAccess(TokenFixtures.access())
    let verifier = TokenFixtures.verifier(keys, audience: TokenFixtures.issuer)
    #expect(throws: Never.self) { try verifier.verifyAccess(token, nowMilliseconds: TokenFixtures.now) }
    let other = minter.mintAccess(TokenFixtures.access())
    #expect(throws: TokenVerificationError.wrongAudience) {
      try verifier.verifyAccess(other, nowMilliseconds: TokenFixtures.now)
    }
  }

  @Test("Keys that are next or retiring are accepted, and only the current one signs")
  func keyStates() throws {
    let all = try TokenKeys(
      access: [
        SigningKey(secret: TokenFixtures.secret(3), state: .next),
        SigningKey(secret: TokenFixtures.secret(1), state: .current),
        SigningKey(secret: TokenFixtures.secret(4), state: .retiring),
      ],
      refresh: [SigningKey(secret: TokenFixtures.secret(2), state: .current)])
    let verifier = TokenFixtures.verifier(all)
    for byte: UInt8 in [1, 3, 4] {
      let token = TokenFixtures.minter(try TokenFixtures.keys(access: byte)).mintAccess(TokenFixtures.access())
      #expect(try verifier.verifyAccess(token, nowMilliseconds: TokenFixtures.now) == TokenFixtures.access())
    }
    let token = TokenFixtures.minter(all).mintAccess(TokenFixtures.access())
    #expect(token == minter.mintAccess(TokenFixtures.access()))
  }

  @Test(
    "A header that is not ours is refused, with the word that fits",
    arguments: [
      (#"{"alg":"none","typ":"at+jwt"}"#, TokenVerificationError.algorithm),
      (#"{"alg":"None","typ":"at+jwt"}"#, .algorithm),
      (#"{"alg":"NONE"}"#, .algorithm), (#"{"alg":"nOnE"}"#, .algorithm), (#"{"alg":""}"#, .algorithm),
      (#"{"alg":"hs256","typ":"at+jwt"}"#, .algorithm), (#"{"alg":"HS384","typ":"at+jwt"}"#, .algorithm),
      (#"{"alg":"ES256","typ":"at+jwt"}"#, .algorithm), (#"{"alg":"HS256","typ":"JWT"}"#, .wrongType),
      (#"{"alg":"HS256"}"#, .wrongType), (#"{"alg":"HS256","typ":"at+jwt","kid":"x"}"#, .unknownKey),
      (#"{"alg":"HS256","alg":"none"}"#, .malformed), ("[]", .malformed), ("", .malformed),
      (#"{"alg":["HS256"]}"#, .malformed),
    ])
  func foreignHeaders(header: String, refusal: TokenVerificationError) throws {
    let token = try TokenFixtures.signed(
      header: header, payload: TokenFixtures.claims(), secret: TokenFixtures.secret(1))
    #expect(accessRefusal(token) == refusal)
  }

  @Test("A header that says the same in other bytes is not ours")
  func respelledHeader() throws {
    let id = keys.access[0].id
    for header in [
      "{\"typ\":\"at+jwt\",\"alg\":\"HS256\",\"kid\":\"\(id)\"}",
      "{\"alg\":\"HS256\", \"typ\":\"at+jwt\",\"kid\":\"\(id)\"}",
      "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"\(id)\",\"crit\":[\"x\"]}",
    ] {
      let token = try TokenFixtures.signed(
        header: header, payload: TokenFixtures.claims(), secret: TokenFixtures.secret(1))
      #expect(accessRefusal(token) == .unknownKey)
    }
  }

  @Test(
    "A signed claim that is missing or not what it must be is refused by its name",
    arguments: [
      ("iss", nil), ("iss", "1"), ("aud", "[\"https://api.example\"]"), ("sub", nil), ("sub", "null"),
      ("client_id", "7"),
      ("scope", "[]"), ("jti", "\"short\""), ("jti", nil), ("sid", "\"AAAAAAAAAAAAAAAA\""), ("sid", nil),
      ("iat", "\"1700000000\""), ("iat", "1.7e9"), ("iat", nil), ("iat", "-1"), ("exp", "\"1700000900\""),
      ("exp", "1700000900.0"), ("exp", "1e400"), ("exp", "-1"), ("exp", "9223372036854775808"), ("exp", "253402300800"),
      ("exp", "true"), ("exp", "null"), ("exp", nil), ("exp_ms", "1700000900001"), ("exp_ms", "1.5"),
      ("exp_ms", "9223372036854775807"),
    ] as [(String, String?)])
  func badClaims(name: String, value: String?) throws {
    let token = try TokenFixtures.accessToken(claims: TokenFixtures.claims(replacing: name, with: value))
    #expect(accessRefusal(token) == .claims(name))
  }

  @Test(
    "Signed claims that are not one strict object are refused",
    arguments: [
      "", "[]", "{\"iss\":1,\"iss\":1}", "{\"iss\":\"\\ud800\"}", "{} ,", String(repeating: "{\"a\":", count: 200),
    ])
  func badPayload(payload: String) throws {
    #expect(accessRefusal(try TokenFixtures.accessToken(claims: payload)) == .claims("claims"))
  }
}
