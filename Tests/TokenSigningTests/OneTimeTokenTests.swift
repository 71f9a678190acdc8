import Testing

@testable import TokenSigning

@Suite struct OneTimeTokenTests {
  private let keys: TokenKeys
  private let minter: TokenMinter
  private let verifier: TokenVerifier

  init() throws {
    keys = try TokenFixtures.keys()
    minter = TokenFixtures.minter(keys)
    verifier = TokenFixtures.verifier(keys)
  }

  private static let session = TokenIdentifier(
    sessionHigh: 0x0123_4567_89AB_CDEF, sessionLow: 0xFEDC_BA98, generation: 0)

  private func claims(purpose: String = "password-reset", identifier: TokenIdentifier = session) -> OneTimeClaims {
    OneTimeClaims(purpose: purpose, issuedAt: 1_700_000_000, expiresAt: 1_700_000_900, identifier: identifier)
  }

  private func refusal(_ token: String, at now: Int64 = TokenFixtures.now) -> TokenVerificationError? {
    TokenFixtures.refusal { () throws(TokenVerificationError) in
      _ = try verifier.verifyOneTime(token, nowMilliseconds: now)
    }
  }

  /// A token under the key of one-time tokens, with claims that nothing has checked.
  private func signed(_ payload: String) throws -> String {
    try TokenFixtures.signed(
      header: "{\"alg\":\"HS256\",\"typ\":\"ot+jwt\",\"kid\":\"\(keys.refresh[0].id)\"}", payload: payload,
      secret: TokenFixtures.secret(2))
  }

  @Test("A one-time token has a header of its own and says what it is for")
  func content() throws {
    let parts = minter.mintOneTime(claims()).split(separator: ".")
    let header = try #require(Base64URL.decode(String(parts[0])))
    #expect(
      String(decoding: header, as: UTF8.self)
        == "{\"alg\":\"HS256\",\"typ\":\"ot+jwt\",\"kid\":\"\(keys.refresh[0].id)\"}")
    let payload = try #require(Base64URL.decode(String(parts[1])))
    #expect(
      String(decoding: payload, as: UTF8.self) == """
        {"iss":"https://tokens.example","iat":1700000000,"exp":1700000900,"jti":"ASNFZ4mrze_-3LqYAAAAAA",\
        "purpose":"password-reset"}
        """)
  }

  @Test(
    "What is minted is verified to the same claims, whatever the purpose holds",
    arguments: ["invite", "", "quote\" and \\", "line\nfeed", "Ärger 😀", String(repeating: "ü", count: 1000)])
  func roundTrip(purpose: String) throws {
    let claims = claims(purpose: purpose)
    #expect(try verifier.verifyOneTime(minter.mintOneTime(claims), nowMilliseconds: TokenFixtures.now) == claims)
    #expect(minter.mintOneTime(claims) == TokenFixtures.minter(try TokenFixtures.keys()).mintOneTime(claims))
  }

  @Test("No token of one type passes as one of another, though refresh and one-time tokens share a key")
  func types() {
    let access = minter.mintAccess(TokenFixtures.access())
    let refresh = minter.mintRefresh(TokenFixtures.refresh())
    let oneTime = minter.mintOneTime(claims())
    #expect(refusal(access) == .wrongType)
    #expect(refusal(refresh) == .wrongType)
    #expect(throws: TokenVerificationError.wrongType) {
      try verifier.verifyRefresh(oneTime, nowMilliseconds: TokenFixtures.now)
    }
    #expect(throws: TokenVerificationError.wrongType) {
      try verifier.verifyAccess(oneTime, nowMilliseconds: TokenFixtures.now)
    }
  }

  @Test("The header of the other type over this token's claims and signature is refused")
  func swappedHeader() {
    let refresh = minter.mintRefresh(TokenFixtures.refresh()).split(separator: ".")
    let oneTime = minter.mintOneTime(claims()).split(separator: ".")
    #expect(refusal("\(oneTime[0]).\(refresh[1]).\(refresh[2])") == .badSignature)
    #expect(throws: TokenVerificationError.badSignature) {
      try verifier.verifyRefresh("\(refresh[0]).\(oneTime[1]).\(oneTime[2])", nowMilliseconds: TokenFixtures.now)
    }
  }

  @Test("A one-time token is good in the millisecond before its end and expired in the next")
  func expiry() {
    let token = minter.mintOneTime(claims())
    #expect(refusal(token, at: 1_700_000_899_999) == nil)
    #expect(refusal(token, at: 1_700_000_900_000) == .expired)
  }

  @Test("A one-time token of another issuer or with an unknown key is refused")
  func strangers() throws {
    let other = TokenFixtures.minter(keys, issuer: "https://tokens.example/")
    #expect(refusal(other.mintOneTime(claims())) == .wrongIssuer)
    let stranger = TokenFixtures.minter(try TokenFixtures.keys(refresh: 9))
    #expect(refusal(stranger.mintOneTime(claims())) == .unknownKey)
  }

  @Test("A generation other than 0 names no one-time token")
  func generation() {
    #expect(refusal(minter.mintOneTime(claims(identifier: TokenFixtures.identifier))) == .claims("jti"))
  }

  @Test(
    "A signed claim that is missing or not what it must be is refused by its name",
    arguments: [
      ("iss", nil), ("iat", nil), ("iat", "-1"), ("exp", nil), ("exp", "1.5"), ("jti", nil), ("jti", "\"short\""),
      ("purpose", nil), ("purpose", "1"), ("purpose", "null"),
    ] as [(String, String?)])
  func badClaims(name: String, value: String?) throws {
    let members: KeyValuePairs = [
      "iss": "\"\(TokenFixtures.issuer)\"", "iat": "1700000000", "exp": "1700000900",
      "jti": "\"\(Self.session.text)\"", "purpose": "\"invite\"",
    ]
    func payload(without name: String, or value: String?) -> String {
      let kept = members.compactMap { member -> String? in
        guard member.key == name else { return "\"\(member.key)\":\(member.value)" }
        return value.map { "\"\(name)\":\($0)" }
      }
      return "{\(kept.joined(separator: ","))}"
    }
    #expect(refusal(try signed(payload(without: "", or: nil))) == nil)
    #expect(refusal(try signed(payload(without: name, or: value))) == .claims(name))
  }
}
