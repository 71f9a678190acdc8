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
      options: LoadOptions(sessions: 50, connections: 50, duration: .seconds(1), replayRate: 0), target: target)
    await #expect(throws: TargetFailure.login("no")) { try await load.run() }
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

  func open() async throws(TargetFailure) -> IssuedToken {
    await count.add()
    throw .login("no")
  }

  func rotate(_ refreshToken: String) async throws(TargetFailure) -> RotationReply { .refused }
}
