import Glibc
import Synchronization
import Testing

@Suite struct KilledServerTests {
  private static let connections = 16
  private static let rotations = 1000

  /// What one connection was told: every token that was consumed, and the last one that was issued.
  private struct Chain: Sendable {
    var consumed: [String] = []
    var last: String
    /// A request whose answer never came: its token may or may not be consumed.
    var isInFlight = false
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

  @Test("After kill -9 amid 1,000 rotations the last acknowledged tokens work and no acknowledged-consumed one does")
  func killed() throws {
    let folder = try TestFolder()
    let config = try folder.write("config.yaml", KilledServerTests.config)
    let data = "\(folder.path)/data"
    let first = try TestServer(data: data, config: config)
    let client = TestClient(try first.secret("CLIENT"))
    let password = try first.secret("PASSWORD")
    let done = Counter()
    let halves = concurrently(KilledServerTests.connections) { _ -> Chain? in
      guard let connection = try? first.connect(),
        let reply = try? connection.logIn(client, password: password), reply.status == 200
      else { return nil }
      return KilledServerTests.rotate(Chain(last: reply.member("refresh_token")), connection, client, done) { count in
        if count == KilledServerTests.rotations / 2 { first.child.send(SIGKILL) }
      }
    }.compactMap(\.self)
    #expect(try first.child.wait() == 128 + SIGKILL)
    try #require(halves.count == KilledServerTests.connections)
    #expect(halves.contains { $0.isInFlight }, "the kill came in the middle")

    let second = try TestServer(data: data, config: config)
    let wholes = concurrently(KilledServerTests.connections) { index -> Chain? in
      var chain = halves[index]
      chain.isInFlight = false
      guard let connection = try? second.connect() else { return nil }
      return KilledServerTests.rotate(chain, connection, client, done) { _ in }
    }.compactMap(\.self)
    try #require(wholes.count == KilledServerTests.connections)
    #expect(!wholes.contains { $0.isInFlight }, "a last acknowledged token was refused")
    #expect(done.value >= KilledServerTests.rotations)

    let connection = try second.connect()
    for chain in wholes {
      // The newest consumed one is in its grace window, the others are not.
      for token in chain.consumed.dropLast() { #expect(try connection.refresh(client, token).status == 400) }
      let reply = try connection.refresh(client, chain.last)
      #expect(reply.status == 200)
      #expect(try connection.get("/me", bearer: reply.member("access_token")).status == 200)
    }
    #expect(try second.stop() == 0)
    let verify = try CommandResult.of("log", "verify", "--data", data)
    #expect(verify.code == 0, "\(verify.errors)")
  }

  /// Rotates until the count is reached or an answer does not come.
  private static func rotate(
    _ start: Chain, _ connection: TestConnection, _ client: TestClient, _ done: Counter,
    each: (Int) -> Void
  ) -> Chain {
    var chain = start
    while done.value < rotations {
      guard let reply = try? connection.refresh(client, chain.last), reply.status == 200 else {
        chain.isInFlight = true
        return chain
      }
      chain.consumed.append(chain.last)
      chain.last = reply.member("refresh_token")
      each(done.add())
    }
    return chain
  }
}
