import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import TokenEngine

@testable import TokenHTTP

@Suite("Requests of the server's own origin")
struct SameOriginTests {
  /// The headers of a request to `localhost`, and whether it is of the server's own origin.
  struct Case: Sendable, CustomTestStringConvertible {
    var headers: KeyValuePairs<String, String>
    var isOwn: Bool
    var testDescription: String { "\(headers)" }

    init(_ headers: KeyValuePairs<String, String>, _ isOwn: Bool) {
      self.headers = headers
      self.isOwn = isOwn
    }
  }

  static let atTheServer: [Case] = [
    Case(["Sec-Fetch-Site": "same-origin"], true),
    Case(["Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"], true),
    Case(["Sec-Fetch-Site": "same-site"], false),
    Case(["Sec-Fetch-Site": "same-site", "Origin": "http://localhost"], false),
    Case(["Sec-Fetch-Site": "cross-site"], false),
    Case(["Sec-Fetch-Site": "none"], false),
    Case(["Sec-Fetch-Site": "Same-Origin"], false),
    Case(["Sec-Fetch-Site": "same-origin", "sec-fetch-site": "cross-site"], false),
    Case(["Origin": "http://localhost"], true),
    Case(["Origin": "http://localhost:80"], true),
    Case(["Origin": "http://localhost:81"], false),
    Case(["Origin": "https://localhost"], false),
    Case(["Origin": "http://evil.localhost"], false),
    Case(["Origin": "null"], false),
    Case(["Origin": "http://localhost", "origin": "http://localhost"], false),
    Case(["Referer": "http://localhost/"], false),
    Case([:], false),
    // Nobody is believed who is no trusted proxy.
    Case(["Origin": "https://app.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "app.example"], false),
  ]

  static let behindAProxy: [Case] = [
    Case(["Origin": "https://app.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "app.example"], true),
    Case(["Origin": "https://app.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "App.Example:443"], true),
    Case(["Origin": "http://app.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "app.example"], false),
    Case(["Origin": "https://localhost", "X-Forwarded-Proto": "https"], true),
    Case(["Origin": "https://localhost", "X-Forwarded-Proto": "https, http"], false),
    Case(
      ["Origin": "https://a.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example, b.example"], false),
    Case(["Sec-Fetch-Site": "same-site", "Origin": "https://localhost", "X-Forwarded-Proto": "https"], false),
  ]

  private func check(_ own: Case, trustsProxy: Bool) async throws {
    try await CookieFixture().run(trustsProxy: trustsProxy) { page async throws in
      for route in ["login", "refresh", "logout"] {
        let reply = try await page.post(
          route, form: route == "login" ? "username=ann&password=correct+horse" : nil, headers: own.headers)
        if own.isOwn {
          #expect(reply.status != 403)
        } else {
          #expect(reply.status == 403 && reply["error"] == "access_denied" && reply.setCookies.isEmpty)
          #expect(reply["error_description"] == "This route takes requests from pages of its own origin alone")
        }
      }
    }
  }

  @Test("are those that the browser calls so, or else those with its Origin", arguments: atTheServer)
  func direct(_ own: Case) async throws {
    try await check(own, trustsProxy: false)
  }

  @Test("are judged behind a trusted proxy by what it says last of scheme and host", arguments: behindAProxy)
  func proxied(_ own: Case) async throws {
    try await check(own, trustsProxy: true)
  }

  @Test("alone reach an embedder's routes, except by the safe methods", arguments: [true, false])
  func middleware(speaksTLS: Bool) async throws {
    let router = Router()
    let group = router.group("orders").add(middleware: SameOriginRequests(speaksTLS: speaksTLS))
    group.get { _, _ in "orders" }
    group.post { _, _ in "ordered" }
    group.delete { _, _ in "deleted" }
    try await Application(router: router).test(.router) { client async throws in
      func status(_ method: HTTPRequest.Method, _ name: String? = nil, _ value: String = "") async throws -> Int {
        var headers = HTTPFields()
        if let name = name.flatMap({ HTTPField.Name($0) }) { headers[name] = value }
        return try await client.send(method, "/orders", headers: headers).status
      }
      #expect(try await status(.get) == 200)
      #expect(try await status(.get, "Sec-Fetch-Site", "cross-site") == 200)
      for method in [HTTPRequest.Method.post, .delete] {
        #expect(try await status(method) == 403)
        #expect(try await status(method, "Sec-Fetch-Site", "cross-site") == 403)
        #expect(try await status(method, "Sec-Fetch-Site", "same-origin") == 200)
        #expect(try await status(method, "Origin", "http://localhost") == (speaksTLS ? 403 : 200))
        #expect(try await status(method, "Origin", "https://localhost") == (speaksTLS ? 200 : 403))
      }
    }
  }
}
