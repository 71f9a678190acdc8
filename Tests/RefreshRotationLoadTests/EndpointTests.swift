import FoundationEssentials
import Testing

@testable import RefreshRotationLoad

@Suite("An endpoint") struct EndpointTests {
  private static func endpoint() -> Endpoint {
    Endpoint(url: "http://a/token", user: "a b", password: "ä&=", clientID: "id", clientSecret: "s+")
  }

  @Test("is sent who logs in as a form, and the client in the body or the header")
  func forms() {
    var endpoint = Self.endpoint()
    #expect(endpoint.loginForm == "grant_type=password&username=a%20b&password=%c3%a4%26%3d")
    #expect(endpoint.clientForm == "&client_id=id&client_secret=s%2b" && endpoint.basicCredentials == nil)
    endpoint.usesBasic = true
    endpoint.scope = "openid x"
    #expect(endpoint.clientForm == "" && endpoint.basicCredentials == "id:s%2b")
    #expect(endpoint.loginForm.hasSuffix("&scope=openid%20x"))
  }

  @Test("is understood with members of other names, numbers as texts, and members of any kind beside them")
  func replies() throws {
    var endpoint = Self.endpoint()
    let standard = try #require(
      EndpointReply(Data(#"{"refresh_token":"t","refresh_expires_in":60,"x":[1],"y":{"z":null}}"#.utf8), of: endpoint))
    #expect(standard.token == "t" && standard.lifetime == 60 && standard.error == nil)
    endpoint.tokenField = "refreshToken"
    endpoint.expiryField = "expires"
    let odd = try #require(EndpointReply(Data(#"{"refreshToken":"u","expires":"61","error":null}"#.utf8), of: endpoint))
    #expect(odd.token == "u" && odd.lifetime == 61 && odd.error == nil)
    let refusal = try #require(EndpointReply(Data(#"{"error":"invalid_grant"}"#.utf8), of: endpoint))
    #expect(refusal.error == "invalid_grant" && refusal.token == nil)
    for text in ["", "<html>", "[1]", "\"t\""] {
      let isRead = EndpointReply(Data(text.utf8), of: endpoint) != nil
      #expect(!isRead, "\(text)")
    }
  }

  @Test("is opened by one log-in first, so that a wrong password is one failure")
  func firstLogin() async {
    let target = RefusingTarget()
    let load = RotationLoad(
      options: LoadOptions(sessions: 50, connections: 50, duration: .seconds(1), reuseRate: 0), target: target)
    await #expect(throws: TargetError.login("no")) { try await load.run() }
    #expect(await target.count.value == 1)
  }
}

private struct RefusingTarget: RotationTarget {
  actor Count {
    var value = 0
    func add() { value += 1 }
  }

  let name = "refusing"
  let count = Count()

  func open() async throws(TargetError) -> IssuedToken {
    await count.add()
    throw .login("no")
  }

  func rotate(_ token: IssuedToken) async throws(TargetError) -> RotationReply { .refused }
}

@Suite("Retry-After") struct RetryAfterTests {
  /// 1994-11-06T08:49:07Z.
  private static let now: Int64 = 784_111_747

  private func seconds(_ text: String, date: String? = nil, now: Int64 = now) -> Int64? {
    RetryAfter.duration(text, date: date, nowSeconds: now)?.components.seconds
  }

  @Test(
    "is a date in each of the three forms of HTTP (RFC 9110 §5.6.7)",
    arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
  func dates(text: String) {
    #expect(seconds(text) == 30 && seconds("  \(text)\t") == 30)
    #expect(seconds(text, now: Self.now + 31) == 0)
    #expect(seconds(text, now: Self.now - 100_000) == 3600)
  }

  @Test("is a date by the clock of the server that sent it, where the reply has its date")
  func serverClock() {
    let text = "Sun, 06 Nov 1994 08:49:37 GMT"
    #expect(seconds(text, date: "Sun, 06 Nov 1994 08:49:32 GMT", now: 2_000_000_000) == 5)
    #expect(seconds(text, date: "yesterday") == 30)
  }

  @Test("is a whole number of seconds, and never more than an hour")
  func numbers() {
    #expect(seconds("0") == 0 && seconds("7") == 7 && seconds(" 007 ") == 7 && seconds("4000") == 3600)
    #expect(seconds("99999999999999999999999") == 3600)
  }

  @Test("of two digits of a year is of the past where it would be more than 50 years ahead")
  func shortYears() {
    let in2026: Int64 = 1_790_000_000
    #expect(seconds("Sunday, 06-Nov-94 08:49:37 GMT", now: in2026) == 0)
    #expect(seconds("Wednesday, 31-Dec-75 23:59:59 GMT", now: in2026) == 3600)
  }

  @Test(
    "that is neither is none",
    arguments: [
      "", "soon", "+5", "-1", "1.5", "5 s", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
      "Sun, 29 Feb 2027 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Xyz, 06 Nov 1994 08:49:37 GMT",
      "Sun, 6 Nov 94 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT", "1994-11-06T08:49:37Z",
    ])
  func bad(text: String) {
    #expect(seconds(text) == nil)
  }
}
