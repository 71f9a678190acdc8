import Foundation
import Synchronization
import Testing
import TokenClient

@Suite struct TokenServerClientTests {
  /// A sender over a connection of its own for each request; the connections block, so each is on a thread of its own.
  private static func sender(_ server: TestServer) -> TokenServerClient.Sender {
    { request in
      try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
          continuation.resume(
            with: Result {
              let fields = Dictionary(request.fields) { first, _ in first }
              let reply = try server.connect().send(
                request.method, request.path, headers: fields, body: String(decoding: request.body, as: UTF8.self))
              return ClientReply(
                status: reply.status, fields: reply.headers.map { ($0.key, $0.value) }, body: Array(reply.body.utf8))
            })
        }
      }
    }
  }

  private static func client(_ server: TestServer) throws -> TokenServerClient {
    let credentials = try server.secret("CLIENT").split(separator: ":", maxSplits: 1).map(String.init)
    return TokenServerClient(id: credentials[0], secret: credentials[1], send: sender(server))
  }

  @Test("Eight tasks of one program refresh once, and the server has rotated once")
  func singleFlight() async throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data")
    let client = try Self.client(server)
    let tokens = try await client.logIn(user: "admin", password: try server.secret("PASSWORD"))
    let stored = Mutex<[SessionTokens]>([])
    var options = TokenSession.Options()
    // Every token is old: each call would refresh.
    options.refreshBefore = .seconds(899)
    let session = try await TokenSession(client: client, tokens: tokens, options: options) { new in
      stored.withLock { $0.append(new) }
    }
    let refused = tokens.accessToken
    let renewed = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<8 { group.addTask { try await session.accessToken(insteadOf: refused) } }
      var renewed: Set<String> = []
      for try await token in group { renewed.insert(token) }
      return renewed
    }
    #expect(renewed.count == 1 && !renewed.contains(refused))
    // The tokens of the log-in, and those of one refresh.
    #expect(stored.withLock(\.count) == 2)
    let metrics = try server.connect().get("/metrics").body
    #expect(metrics.contains("\nrefresh_ledger_rotations_total 1\n"), "\(metrics)")
    try await session.end()
    let last = try #require(stored.withLock { $0.last?.refreshToken })
    await #expect(throws: TokenClientError.self) { _ = try await client.refresh(last) }
    #expect(try server.stop() == 0)
  }

  @Test("The admin routes say to the client what they say to curl")
  func admin() async throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let added = try CommandResult.of(
      "clients", "add", "boss", "--secret-stdin", "--introspect", "--admin", "--data", data,
      input: "the secret: of the boss\n")
    #expect(added.code == 0, "\(added)")
    server.child.send(SIGHUP)
    try server.waitForLog("SIGHUP: users and clients were read again")
    let boss = TokenServerClient(id: "boss", secret: "the secret: of the boss", send: Self.sender(server))
    let tokens = try await boss.openSession(subject: "admin", label: "A desk")
    let listed = try await boss.sessions(of: .subject("admin"))
    let found = try #require(listed.sessions.first)
    #expect(listed.sessions.count == 1 && found.label == "A desk" && found.client == "boss" && found.generation == 0)
    #expect(try await boss.session(found.id) == found)
    let inspected = try #require(try await boss.introspect(tokens.accessToken))
    #expect(inspected.subject == "admin" && inspected.tokenID.session == found.id)
    #expect(try await boss.endSession(found.id))
    #expect(try await !boss.endSession(found.id))
    #expect(try await boss.introspect(tokens.accessToken) == nil)
    #expect(try await boss.endSessions(of: .subject("admin")) == 0)
    let ticket = try await boss.issueOneTimeToken(
      purpose: "reset", subject: "admin", payload: "p", lifetime: .seconds(60))
    let use = try await boss.consumeOneTimeToken(ticket.token, purpose: "reset")
    #expect(use?.subject == "admin" && use?.payload == "p")
    #expect(try await boss.consumeOneTimeToken(ticket.token, purpose: "reset") == nil)
    #expect(try server.stop() == 0)
  }
}
