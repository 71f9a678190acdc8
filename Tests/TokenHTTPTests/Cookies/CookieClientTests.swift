import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

@Suite("The client that cookies are delivered for")
struct CookieClientTests {
  private func fault(
    of client: Client?, grace: Duration = .zero, dpop: DPoPOptions.Mode = .optional, path: String? = nil
  ) async throws -> CookieClientFault? {
    let clients = ClientTable()
    if let client { clients.set(client, secret: client.isPublic ? nil : "a secret of the client") }
    var options = EngineOptions()
    options.grace = grace
    options.dpop.mode = dpop
    do {
      let routes = try await CookieRoutes.make(
        client: "app", cookie: RefreshCookie(path: path), clients: clients, options: options)
      #expect(routes.client == "app")
      return nil
    } catch let fault as CookieClientFault {
      return fault
    }
  }

  @Test("needs a grace window of 5 s at least, its own before that of all")
  func grace() async throws {
    let app = Client(id: "app", isPublic: true)
    #expect(
      try await fault(of: app, grace: .milliseconds(4999))
        == .shortGrace(client: "app", grace: .milliseconds(4999), isOwn: false))
    #expect(try await fault(of: app, grace: .seconds(5)) == nil)
    let short = Client(id: "app", isPublic: true, grace: .milliseconds(4999))
    #expect(
      try await fault(of: short, grace: .seconds(30))
        == .shortGrace(client: "app", grace: .milliseconds(4999), isOwn: true))
    #expect(try await fault(of: Client(id: "app", isPublic: true, grace: .seconds(5))) == nil)
  }

  @Test("must be there, have no secret, and be allowed to refresh")
  func fitness() async throws {
    #expect(try await fault(of: nil, grace: .seconds(30)) == .unknown(client: "app"))
    #expect(
      try await fault(of: Client(id: "app", isPublic: false), grace: .seconds(30)) == .confidential(client: "app"))
    #expect(
      try await fault(of: Client(id: "app", isPublic: true, grants: [.password]), grace: .seconds(30))
        == .withoutRefresh(client: "app"))
  }

  @Test("must not have to send proofs of a key, which a page behind a cookie cannot")
  func proofs() async throws {
    var bound = Client(id: "app", isPublic: true)
    #expect(
      try await fault(of: bound, grace: .seconds(30), dpop: .required) == .needsProof(client: "app", isOwn: false))
    bound.requiresProof = true
    #expect(try await fault(of: bound, grace: .seconds(30)) == .needsProof(client: "app", isOwn: true))
  }

  @Test(
    "gets no cookie that would not be sent to the refresh route", arguments: ["/session/login", "/a/session/logout"])
  func paths(path: String) async throws {
    let app = Client(id: "app", isPublic: true)
    #expect(try await fault(of: app, grace: .seconds(30), path: path) == .otherPath(path))
    #expect(try await fault(of: app, grace: .seconds(30), path: "/a/session/refresh") == nil)
  }

  @Test("is told apart in words that name it and the window")
  func words() {
    let fault = CookieClientFault.shortGrace(client: "app", grace: .seconds(2), isOwn: true)
    #expect("\(fault)".contains("app is 2s, its own, and cookies need one from 5s to 300s"))
  }

  @Test("is looked at again at each request: one that is fit no more gets 500, and its sessions go on")
  func changed() async throws {
    let fixture = try CookieFixture()
    try await fixture.run { page async throws in
      let token = try #require(try await page.logIn().cookieValue)
      fixture.server.clients.set(Client(id: "app", isPublic: true, grace: .zero))
      let reply = try await page.refresh(token)
      #expect(reply.status == 500 && reply["error"] == "server_error" && reply.setCookies.isEmpty)
      #expect(try await page.logIn().status == 500)
      fixture.server.clients.set(Client(id: "app", isPublic: true))
      #expect(try await page.refresh(token).status == 200)
    }
  }
}
