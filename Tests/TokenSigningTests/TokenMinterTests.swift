import Testing

@testable import TokenSigning

@Suite struct TokenMinterTests {
  private func payload(_ token: String) throws -> String {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    try #require(parts.count == 3)
    return String(decoding: try #require(Base64URL.decode(String(parts[1]))), as: UTF8.self)
  }

  private func header(_ token: String) throws -> String {
    let bytes = try #require(Base64URL.decode(String(token.prefix { $0 != "." })))
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("An access token has the header and claims of RFC 9068, and its session")
  func accessToken() throws {
    let keys = try TokenFixtures.keys()
    let token = TokenFixtures.minter(keys).mintAccess(TokenFixtures.access())
    #expect(try header(token) == "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"\(keys.access[0].id)\"}")
    #expect(
      try payload(token) == """
        {"iss":"https://tokens.example","aud":"https://api.example","sub":"alice","client_id":"web",\
        "scope":"me.read me.write","iat":1700000000,"exp":1700000900,"jti":"ASNFZ4mrze_-3LqYAAAABw",\
        "sid":"ASNFZ4mrze_-3LqY"}
        """)
  }

  @Test("A refresh token has a header of its own and no audience")
  func refreshToken() throws {
    let keys = try TokenFixtures.keys()
    let token = TokenFixtures.minter(keys).mintRefresh(TokenFixtures.refresh())
    #expect(try header(token) == "{\"alg\":\"HS256\",\"typ\":\"rt+jwt\",\"kid\":\"\(keys.refresh[0].id)\"}")
    #expect(
      try payload(token) == """
        {"iss":"https://tokens.example","sub":"alice","client_id":"web","iat":1700000000,"exp":1700000900,\
        "jti":"ASNFZ4mrze_-3LqYAAAABw"}
        """)
  }

  @Test("An empty audience and empty scopes are left out")
  func emptyClaims() throws {
    let token = TokenFixtures.minter(try TokenFixtures.keys(), audience: "")
      .mintAccess(TokenFixtures.access(scope: ""))
    let claims = try payload(token)
    #expect(!claims.contains("\"aud\""))
    #expect(!claims.contains("\"scope\""))
  }

  @Test("The same claims give the same bytes, also from another minter of the same keys")
  func pure() throws {
    let first = TokenFixtures.minter(try TokenFixtures.keys())
    let second = TokenFixtures.minter(try TokenFixtures.keys())
    let token = first.mintAccess(TokenFixtures.access())
    #expect(first.mintAccess(TokenFixtures.access()) == token)
    #expect(second.mintAccess(TokenFixtures.access()) == token)
    #expect(first.mintRefresh(TokenFixtures.refresh()) == second.mintRefresh(TokenFixtures.refresh()))
  }

  @Test(
    "What is minted is verified to the same claims, whatever the subject holds",
    arguments: [
      "alice", "", "quote\" backslash\\ slash/", "line\nfeed\r\ttab\u{0}\u{1F}\u{7F}", "Ärger 😀 𝄞 \u{2028}", "e\u{301}",
      "\",\"sub\":\"root", String(repeating: "ü", count: 400),
    ])
  func roundTrip(subject: String) throws {
    let keys = try TokenFixtures.keys()
    for issuer in ["", "a", "ab", "abc", "https://Ä\"\\"] {
      let minter = TokenFixtures.minter(keys, issuer: issuer)
      let verifier = TokenFixtures.verifier(keys, issuer: issuer)
      let access = TokenFixtures.access(
        subject: subject, clientID: subject, extraMembers: Array(#""plan":"gold","seats":[1,2.5e9]"#.utf8))
      let verified = try verifier.verifyAccess(minter.mintAccess(access), nowMilliseconds: TokenFixtures.now)
      #expect(verified == access)
      #expect(Array(verified.subject.utf8) == Array(subject.utf8))
      let refresh = TokenFixtures.refresh(subject: subject, clientID: subject)
      #expect(try verifier.verifyRefresh(minter.mintRefresh(refresh), nowMilliseconds: TokenFixtures.now) == refresh)
    }
  }

  @Test(
    "Extra members are checked where they are configured",
    arguments: [
      (#""a":1,"b":{"c":[true]}"#, true), ("", true), (#""exp":1"#, false), (#""\u0065xp":1"#, false),
      (#""a":1,"a":2"#, false), (#""a":1}"#, false), ("{}", false), (#""a":1},{"b":2"#, false), (" ", false),
      (#""a":"# + "\"" + String(repeating: "x", count: 2000) + "\"", false),
    ])
  func extraMembers(members: String, isValid: Bool) {
    #expect(ExtraMembers.isValid(Array(members.utf8)) == isValid)
  }
}
