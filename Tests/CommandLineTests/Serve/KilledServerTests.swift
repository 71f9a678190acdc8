import Glibc
import Synchronization
import Testing

@Suite struct KilledServerTests {
  private static let connections = 16
  private static let rotations = 1000
  private static let kills = 8

  /// What one connection was told: every token that was consumed, and the last one that was issued.
  private struct Chain: Sendable {
    var consumed: [String] = []
    var last: String
    /// The last request's answer never came: its token may or may not be consumed.
    var isInFlight = false
    /// The status of an answer that was no grant.
    var refusal: Int?
  }

  private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }

    func add() -> Int {
      count.withLock { count in
        count += 1
        return count
      }
    }
  }

  /// Grace lets a client whose answer was lost ask again; `refuse` keeps every check below independent of the others.
  private static let config = "rotation: { grace: 60s, reuse: refuse }\n"

  @Test("Whenever kill -9 comes amid 1,000 rotations, the last acknowledged tokens work and no consumed one does")
  func killed() throws {
    let folder = try TestFolder()
    let config = try folder.write("config.yaml", KilledServerTests.config)
    let data = "\(folder.path)/data"
    var server = try TestServer(data: data, config: config)
    let client = TestClient(try server.secret("CLIENT"))
    let password = try server.secret("PASSWORD")
    let connection = try server.connect()
    var chains = try (0..<KilledServerTests.connections).map { _ in
      Chain(last: try connection.logIn(client, password: password).member("refresh_token"))
    }
    let done = Counter()
    var inFlight = 0
    for kill in 1...KilledServerTests.kills {
      let quota = KilledServerTests.rotations * kill / (KilledServerTests.kills + 1)
      chains = KilledServerTests.rotate(chains, server, client, done, until: .max) { [server] count in
        if count == quota { server.child.send(SIGKILL) }
      }
      #expect(try server.child.wait() == 128 + SIGKILL)
      #expect(chains.allSatisfy { $0.refusal == nil }, "a last acknowledged token was refused after kill \(kill - 1)")
      inFlight += chains.count { $0.isInFlight }
      server = try TestServer(data: data, config: config)
    }
    #expect(inFlight > 0, "the kills came in the middle")
    chains = KilledServerTests.rotate(chains, server, client, done, until: KilledServerTests.rotations) { _ in }
    #expect(chains.allSatisfy { $0.refusal == nil && !$0.isInFlight })
    #expect(done.value >= KilledServerTests.rotations)
    try check(chains, server, client)
    #expect(try server.stop() == 0)
    let verify = try CommandResult.of("log", "verify", "--data", data)
    #expect(verify.code == 0, "\(verify.errors)")
  }

  private func check(_ chains: [Chain], _ server: TestServer, _ client: TestClient) throws {
    let connection = try server.connect()
    for chain in chains {
      // The newest consumed one is in its grace window, the others are not.
      for token in chain.consumed.dropLast() { #expect(try connection.refresh(client, token).status == 400) }
      let reply = try connection.refresh(client, chain.last)
      #expect(reply.status == 200)
      #expect(try connection.get("/me", bearer: reply.member("access_token")).status == 200)
    }
  }

  /// Rotates every chain on a connection of its own until the count is reached or an answer does not come.
  private static func rotate(
    _ chains: [Chain], _ server: TestServer, _ client: TestClient, _ done: Counter, until end: Int,
    each: @escaping @Sendable (Int) -> Void
  ) -> [Chain] {
    concurrently(chains.count) { index in
      var chain = chains[index]
      chain.isInFlight = false
      guard let connection = try? server.connect() else { return chain }
      while done.value < end {
        guard let reply = try? connection.refresh(client, chain.last) else {
          chain.isInFlight = true
          return chain
        }
        guard reply.status == 200 else {
          chain.refusal = reply.status
          return chain
        }
        chain.consumed.append(chain.last)
        chain.last = reply.member("refresh_token")
        each(done.add())
      }
      return chain
    }
  }
}
