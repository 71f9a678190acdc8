import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import SystemPackage
import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

@Suite("The server")
struct ServerTests {
  @Test(
    "answers another method on a known path 405 with the allowed one, and an unknown path 404, in JSON",
    arguments: ["", "/auth"])
  func methodsAndPaths(prefix: String) async throws {
    try await ServerFixture(pathPrefix: prefix).run { client async throws in
      for (path, allowed) in [
        ("/token", HTTPRequest.Method.post), ("/me", .get), ("/public", .get), ("/.well-known/jwks.json", .get),
        ("/health/live", .get), ("/health/ready", .get),
      ] {
        let all = [HTTPRequest.Method.get, .post, .put, .delete, .patch, .options, .head]
        let names = allowed == .get ? ["GET", "HEAD"] : [allowed.rawValue]
        for method in all where !names.contains(method.rawValue) {
          let reply = try await client.send(method, prefix + path)
          #expect(reply.status == 405, "\(method) \(path)")
          #expect(reply.headers[.allow] == names.joined(separator: ", "))
          #expect(reply.headers[.cacheControl] == "no-store")
        }
      }
      let strange = try #require(HTTPRequest.Method("PROPFIND"))
      let session = "/admin/sessions/AAAAAAAAAAAAAAAA"
      for (path, names) in [("/token", "POST"), ("/me", "GET, HEAD"), (session, "GET, DELETE")] {
        let reply = try await client.send(strange, prefix + path)
        #expect(reply.status == 405, "\(path)")
        #expect(reply.headers[.allow] == names)
      }
      #expect(try await client.send(strange, prefix + session + "/more").status == 404)
      #expect(try await client.get("/authtoken").status == 404)
      for path in [
        "/", "/nothing", "/token/more", "/health", "//public", "/public/", "/admin//sessions", "/health/live//",
      ] {
        let reply = try await client.get(prefix + path)
        #expect(reply.status == 404)
        #expect(reply["error"] == "not_found")
        #expect(reply.headers[.contentType] == "application/json")
        #expect(reply.headers[.cacheControl] == "no-store")
      }
    }
  }

  @Test(
    "answers HEAD as GET, without the body",
    arguments: ["/public", "/health/live", "/.well-known/jwks.json", "/me", "/none"])
  func head(path: String) async throws {
    try await ServerFixture().run { client async throws in
      let get = try await client.get(path)
      let head = try await client.send(.head, path)
      #expect(head.status == get.status)
      #expect(head.headers[.contentType] == get.headers[.contentType])
      #expect(head.headers[.contentLength] == String(get.text.utf8.count))
      #expect(head.text.isEmpty)
      #expect(try await client.send(.head, "/token").text.isEmpty)
    }
  }

  @Test("shows the public keys, of which HS256 has none")
  func publicKeys() async throws {
    let reply = try await ServerFixture().run { try await $0.get("/.well-known/jwks.json") }
    #expect(reply.status == 200)
    #expect(reply.text == #"{"keys":[]}"#)
    #expect(reply.headers[.contentType] == "application/jwk-set+json")
  }

  @Test("is live and ready, and after the log has closed live alone, with 503 and Retry-After for every change")
  func health() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(component: "token-http-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let engine = try await RotationEngine.open(folder: FilePath(folder.path()))
    let clients = ClientTable()
    clients.set(Client(id: "web", isPublic: false), secret: ServerFixture.secret)
    let pair = try await engine.openUncheckedSession(
      subject: "ann", client: Client(id: "web", isPublic: false), scopes: [])
    let server = TokenApplication.make(engine: engine, clients: clients, logger: Logger(label: "test"))
    try await server.application.test(.router) { client async throws in
      #expect(try await client.get("/health/live").text == #"{"status":"live"}"#)
      #expect(try await client.get("/health/ready").text == #"{"status":"ready"}"#)
      try await engine.close()
      #expect(try await client.get("/health/live").status == 200)
      let ready = try await client.get("/health/ready")
      #expect(ready.status == 503)
      #expect(ready.text == #"{"status":"unavailable"}"#)
      let reply = try await client.refresh(pair.refreshToken)
      #expect(reply.status == 503)
      #expect(reply.headers[.retryAfter] == "30")
      #expect(reply["error"] == "temporarily_unavailable")
    }
  }

  @Test("answers the same over a connection: log in, rotate, replay, oversized body and header")
  func overAConnection() async throws {
    let fixture = try ServerFixture()
    try await fixture.application.test(.live) { client async throws in
      let first = try await client.logIn()
      #expect(first.status == 200)
      let second = try await client.refresh(#require(first["refresh_token"]))
      #expect(second.status == 200)
      let me = try await client.get("/me", bearer: second["access_token"])
      #expect(me["subject"] == "ann")
      #expect(try await client.get("/public", bearer: "x").text == #"{"authenticated":false}"#)
      #expect(try await client.refresh(#require(first["refresh_token"])).status == 400)
      #expect(try await client.get("/me", bearer: String(repeating: "a", count: 1 << 16)).status == 400)
    }
    // The last of its connection, too.
    try await fixture.runAnsweredEarly { client async throws in
      let reply = try await client.post(String(repeating: "a", count: 1 << 20))
      #expect(reply.status == 413)
      #expect(reply.headers[.connection] == "close")
    }
  }

  @Test("that finds its port in use says so, with the mend")
  func portInUse() async throws {
    let fixture = try ServerFixture()
    var options = ServerOptions()
    options.port = 0
    let (ports, running) = AsyncStream.makeStream(of: Int.self)
    let first = TokenApplication.make(
      engine: fixture.engine, clients: fixture.clients, options: options, logger: fixture.logger,
      onServerRunning: { running.yield($0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await first.run() }
      let port = try #require(await ports.first { _ in true })
      options.port = port
      let second = TokenApplication.make(
        engine: fixture.engine, clients: fixture.clients, options: options, logger: fixture.logger)
      let failure = await #expect(throws: ListenError.self) { try await second.run() }
      #expect(failure?.reason == .portInUse)
      #expect(
        failure?.description
          == "cannot listen on 127.0.0.1:\(port): the port is in use; stop what listens there or choose another")
      group.cancelAll()
    }
  }

  @Test(
    "that is given an address of another machine, or no address, says so", arguments: ["192.0.2.1", "nowhere.invalid"])
  func noSuchAddress(host: String) async throws {
    let fixture = try ServerFixture()
    var options = ServerOptions()
    options.host = host
    options.port = 0
    let server = TokenApplication.make(
      engine: fixture.engine, clients: fixture.clients, options: options, logger: fixture.logger)
    let failure = await #expect(throws: ListenError.self) { try await server.run() }
    #expect(failure?.reason == .noSuchAddress)
  }
}
