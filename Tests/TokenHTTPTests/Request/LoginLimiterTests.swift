import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

@Suite("The bound of failed log-ins")
struct LoginLimiterTests {
  private final class Clock: Sendable {
    private let instant = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { instant.withLock { $0 } }
    func advance(_ duration: Duration) { instant.withLock { $0 = $0.advanced(by: duration) } }
  }

  private let clock = Clock()
  private let home = PeerAddress(text: "192.0.2.1")
  private let elsewhere = PeerAddress(text: "192.0.2.2")

  private func limiter(_ failuresPerMinute: Int, keysMax: Int = 1000) -> LoginLimiter {
    LoginLimiter(failuresPerMinute: failuresPerMinute, keysMax: keysMax) { [clock] in clock.now }
  }

  /// Whether a log-in is looked at; it then ends like this.
  @discardableResult
  private func tries(
    _ limiter: LoginLimiter, _ name: String, _ outcome: LoginLimiter.Outcome, client: String = "web",
    from address: PeerAddress?
  ) -> Bool {
    guard let attempt = limiter.begin(client: client, address: address, name: name).attempt else { return false }
    limiter.end(attempt, outcome)
    return true
  }

  @Test("puts off the address that failed so often with a client, whatever name it tries, until it has regained one")
  func putsOff() {
    let limiter = limiter(3)
    for name in ["ann", "bob", "cid"] { #expect(tries(limiter, name, .failed, from: home)) }
    let refused = limiter.begin(client: "web", address: home, name: "dan")
    #expect(refused.attempt == nil)
    #expect(refused.wait == .seconds(20))
    clock.advance(.seconds(19))
    #expect(!tries(limiter, "dan", .failed, from: home))
    clock.advance(.seconds(1))
    #expect(tries(limiter, "dan", .failed, from: home))
    #expect(!tries(limiter, "dan", .failed, from: home))
  }

  @Test("leaves the owner of a name alone that is guessed at from another address")
  func victim() {
    let limiter = limiter(3)
    for _ in 1...100 { tries(limiter, "ann", .failed, from: elsewhere) }
    #expect(!tries(limiter, "ann", .failed, from: elsewhere))
    #expect(tries(limiter, "ann", .succeeded, from: home))
  }

  @Test("leaves those alone who logged in from the address before, and counts their own failures apart")
  func familiar() {
    let limiter = limiter(3)
    #expect(tries(limiter, "ann", .succeeded, from: home))
    for _ in 1...3 { #expect(tries(limiter, "guess", .failed, from: home)) }
    #expect(!tries(limiter, "bob", .succeeded, from: home))
    for _ in 1...3 { #expect(tries(limiter, "ann", .failed, from: home)) }
    #expect(!tries(limiter, "ann", .succeeded, from: home))
    clock.advance(.seconds(20))
    #expect(tries(limiter, "ann", .succeeded, from: home))
  }

  @Test("forgets after thirty days who logged in")
  func familiarForThirtyDays() {
    let limiter = limiter(1)
    tries(limiter, "ann", .succeeded, from: home)
    clock.advance(.seconds(30 * 86_400))
    tries(limiter, "guess", .failed, from: home)
    #expect(tries(limiter, "ann", .undecided, from: home))
    clock.advance(.seconds(1))
    #expect(!tries(limiter, "ann", .undecided, from: home))
  }

  @Test("lets an address fail four times as often with several clients as with one")
  func severalClients() {
    let limiter = limiter(3)
    for client in ["a", "b", "c", "d"] {
      for _ in 1...3 { #expect(tries(limiter, "ann", .failed, client: client, from: home)) }
      #expect(!tries(limiter, "ann", .failed, client: client, from: home))
    }
    #expect(!tries(limiter, "ann", .failed, client: "e", from: home))
  }

  @Test("counts no success and nothing that was not decided", arguments: [LoginLimiter.Outcome.succeeded, .undecided])
  func countsFailuresAlone(outcome: LoginLimiter.Outcome) {
    let limiter = limiter(2)
    for number in 1...50 { #expect(tries(limiter, "user \(number)", outcome, from: home)) }
  }

  @Test("counts log-ins that are under way, so that guesses at the same time are no way round it")
  func simultaneous() {
    let limiter = limiter(2)
    let first = limiter.begin(client: "web", address: home, name: "ann").attempt
    #expect(limiter.begin(client: "web", address: home, name: "bob").attempt != nil)
    #expect(limiter.begin(client: "web", address: home, name: "cid").attempt == nil)
    if let first { limiter.end(first, .succeeded) }
    #expect(limiter.begin(client: "web", address: home, name: "cid").attempt != nil)
  }

  @Test("holds no more addresses than its bound, and still puts off the one that failed most")
  func boundedMemory() {
    let limiter = limiter(2, keysMax: 30)
    for _ in 1...2 { tries(limiter, "ann", .failed, from: home) }
    for number in 1...1000 {
      tries(limiter, "ann", .failed, from: PeerAddress(text: "10.0.\(number / 250).\(number % 250)"))
    }
    #expect(!tries(limiter, "ann", .failed, from: home))
  }

  @Test("remembers no more familiar names than its bound, and the latest of them")
  func boundedFamiliarity() {
    let limiter = limiter(1, keysMax: 30)
    for number in 1...1000 {
      clock.advance(.seconds(1))
      tries(limiter, "user \(number)", .succeeded, from: home)
    }
    tries(limiter, "guess", .failed, from: home)
    #expect(tries(limiter, "user 1000", .undecided, from: home))
    #expect(!tries(limiter, "user 1", .undecided, from: home))
  }

  @Test("is answered 429 with Retry-After at the token endpoint, the right password too, and other grants go on")
  func atTheEndpoint() async throws {
    for wire in WireFormat.allCases {
      let fixture = try ServerFixture(wire: wire)
      try await fixture.run(failedLoginsPerMinute: 2) { client async throws in
        for _ in 1...2 {
          let reply = try await client.token(
            ["grant_type": "password", "username": "ann", "password": "guess", "client_id": "app"])
          #expect(reply.status == (wire == .standard ? 400 : 401))
        }
        let reply = try await client.token(
          ["grant_type": "password", "username": "ann", "password": ServerFixture.password, "client_id": "app"])
        #expect(reply.status == 429)
        #expect((1...30).contains(reply.headers[.retryAfter].flatMap { Int($0) } ?? 0))
        #expect(reply.headers[.cacheControl] == "no-store")
        #expect(
          reply.text.contains(
            wire == .standard ? #""error":"temporarily_unavailable""# : #""detail":"Too many failed log-ins""#))
        let pair = try await fixture.pair(client: wire == .standard ? "app" : "romm", scopes: "read")
        let refreshed = try await client.token(
          ["grant_type": "refresh_token", "refresh_token": pair.refreshToken, "client_id": "app"])
        #expect(refreshed.status == 200)
      }
    }
  }

  @Test(
    "tells addresses apart by the last entry of X-Forwarded-For where the proxy is trusted, and else not",
    arguments: [true, false])
  func behindAProxy(trusts: Bool) async throws {
    let fixture = try ServerFixture()
    try await fixture.run(failedLoginsPerMinute: 1, trustsProxy: trusts) { client async throws in
      func logIn(from forwarded: String) async throws -> Int {
        var headers = HTTPFields()
        headers[.contentType] = "application/x-www-form-urlencoded"
        if let name = HTTPField.Name.forwardedFor { headers[name] = forwarded }
        return try await client.send(
          .post, "/token", headers: headers,
          body: ByteBuffer(string: "grant_type=password&username=ann&password=guess&client_id=app")
        ).status
      }
      #expect(try await logIn(from: "192.0.2.1") == 400)
      #expect(try await logIn(from: "192.0.2.2") == (trusts ? 400 : 429))
      // What the client wrote itself stands before what the proxy added.
      #expect(try await logIn(from: "198.51.100.7, 192.0.2.1") == 429)
    }
  }
}
