import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Testing
import TokenEngine

@testable import TokenHTTP

@Suite("The cookie of a refresh token")
struct RefreshCookieTests {
  /// What a route reads from a request with these `Cookie` fields.
  private func token(of cookie: RefreshCookie, in fields: [String]) async throws -> String {
    let router = Router()
    router.get("/") { request, _ in
      do throws(RefreshCookie.Repeated) { return try cookie.token(of: request) ?? "none" } catch { return "repeated" }
    }
    return try await Application(router: router).test(.router) { client async throws in
      var headers = HTTPFields()
      for field in fields { headers[values: .cookie].append(field) }
      return try await client.send(.get, "/", headers: headers).text
    }
  }

  @Test("has the path / and __Host- in its name, or another path and __Secure-")
  func prefixes() {
    #expect(RefreshCookie().name == "__Host-refresh-token" && RefreshCookie().path == "/")
    #expect(RefreshCookie(path: "/").name == "__Host-refresh-token")
    let narrow = RefreshCookie(name: "shop_1", path: "/auth/session")
    #expect(narrow.name == "__Secure-shop_1" && narrow.path == "/auth/session")
  }

  @Test("is Secure, HttpOnly and SameSite=Strict with either name, and lives as long as its token may lie unused")
  func attributes() async throws {
    let client = Client(id: "app", isPublic: true, lifetimes: ClientLifetimes(idle: .seconds(1234)))
    var pair = try await RotationEngine.inMemory().openUncheckedSession(subject: "ann", client: client, scopes: [])
    pair.refreshToken = "r"
    var response = Response(status: .ok)
    RefreshCookie(path: "/auth/session").set(pair, in: &response)
    RefreshCookie().clear(in: &response)
    #expect(
      response.headers[values: .setCookie] == [
        "__Secure-refresh-token=r; Path=/auth/session; Max-Age=1234; Secure; HttpOnly; SameSite=Strict",
        "__Host-refresh-token=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict",
      ])
  }

  @Test("is found among others, in one field or several, and by its exact name alone")
  func reading() async throws {
    let cookie = RefreshCookie()
    for (fields, expected) in [
      (["__Host-refresh-token=a.b.c"], "a.b.c"), (["x=1; __Host-refresh-token=a.b.c;y=2"], "a.b.c"),
      (["x=1", "\t__Host-refresh-token=a.b.c"], "a.b.c"), (["__Host-refresh-token=a=b"], "a=b"),
      ([], "none"), (["x=1"], "none"), (["__Host-refresh-token"], "none"), (["__Host-refresh-token="], "none"),
      (["__host-refresh-token=a"], "none"), (["__Host-refresh-token2=a"], "none"),
      (["__Secure-refresh-token=a"], "none"),
    ] {
      #expect(try await token(of: cookie, in: fields) == expected, "\(fields)")
    }
  }

  @Test("is refused where its name comes more than once, an empty or equal one too")
  func repetition() async throws {
    let cookie = RefreshCookie()
    for fields in [
      ["__Host-refresh-token=a; __Host-refresh-token=b"], ["__Host-refresh-token=a", "__Host-refresh-token=a"],
      ["__Host-refresh-token=; __Host-refresh-token=b"],
    ] {
      #expect(try await token(of: cookie, in: fields) == "repeated", "\(fields)")
    }
  }
}
