import Hummingbird
import HummingbirdTesting
import Logging
import Synchronization
import Testing
import TokenEngine
import TokenTesting

@testable import TokenHTTP

@Suite("More requests than may be in flight")
struct InFlightTests {
  /// Lets nobody in or away until it is opened, as a disk that does not answer does.
  private final class Gate: SubjectStore {
    private struct State {
      var waiting: [CheckedContinuation<Void, Never>] = []
      var isOpen = false
      var expectation: (count: Int, CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())

    func authenticate(name: String, password: String) async throws -> Subject? {
      await withCheckedContinuation { continuation in
        let (ready, passes) = state.withLock { state in
          guard !state.isOpen else { return (nil as CheckedContinuation<Void, Never>?, true) }
          state.waiting.append(continuation)
          guard let (count, expecting) = state.expectation, state.waiting.count >= count else { return (nil, false) }
          state.expectation = nil
          return (expecting, false)
        }
        ready?.resume()
        if passes { continuation.resume() }
      }
      return Subject(id: name, scopes: [])
    }

    func subject(id: String) async throws -> Subject? { Subject(id: id, scopes: []) }

    /// Returns once so many wait.
    func waits(for count: Int) async {
      await withCheckedContinuation { continuation in
        let isReached = state.withLock { state in
          if state.waiting.count >= count { return true }
          state.expectation = (count, continuation)
          return false
        }
        if isReached { continuation.resume() }
      }
    }

    func open() {
      let waiting = state.withLock { state in
        state.isOpen = true
        defer { state.waiting = [] }
        return state.waiting
      }
      for continuation in waiting { continuation.resume() }
    }
  }

  private static let max = 3

  /// Runs `test` while as many log-ins as may be are in flight, lets them go, and expects that all were granted.
  private func whileFull(
    _ wire: WireFormat = .standard, metrics: ServerMetrics? = nil,
    _ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    let gate = Gate()
    let engine = try RotationEngine.inMemory(subjects: gate)
    let clients = ClientTable()
    clients.set(Client(id: "web", isPublic: false), secret: ServerFixture.secret)
    var options = ServerOptions()
    options.wire = wire
    options.requestsInFlightMax = InFlightTests.max
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let server = TokenApplication.make(
      engine: engine, clients: clients, options: options, metrics: metrics, logger: logger)
    try await server.application.test(.router) { client async throws in
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<InFlightTests.max { group.addTask { try await client.logIn().status } }
        await gate.waits(for: InFlightTests.max)
        try await test(client)
        gate.open()
        for try await status in group { #expect(status == 200) }
      }
      #expect(try await client.logIn().status == 200, "what was answered makes room")
    }
  }

  @Test("are answered 503 with Retry-After at once, whatever they ask, for nothing of them is read")
  func refused() async throws {
    try await whileFull { client async throws in
      for reply in [try await client.logIn(), try await client.post("{}", type: "application/json")] {
        #expect(reply.status == 503)
        #expect(reply.headers[.retryAfter] == "1")
        #expect(reply["error"] == "temporarily_unavailable")
        #expect(reply.headers[.cacheControl] == "no-store")
      }
    }
  }

  @Test("are answered in the wire's form at /token, and in the standard's elsewhere")
  func romm() async throws {
    try await whileFull(.romm) { client async throws in
      let reply = try await client.logIn()
      #expect(reply.status == 503)
      #expect(reply.headers[.retryAfter] == "1")
      #expect(reply.text == #"{"detail":"Temporarily unavailable"}"#)
      #expect(try await client.post("token=x", path: "/revoke")["error"] == "temporarily_unavailable")
    }
  }

  @Test("are counted as overloads")
  func counted() async throws {
    let counted = CountedMetrics()
    try await whileFull(metrics: counted.server) { client async throws in
      for _ in 1...2 { #expect(try await client.logIn().status == 503) }
      #expect(counted.counts == ["overloads_total{requests_in_flight}": 2])
    }
  }

  @Test("keep nobody from the routes that wait for nothing")
  func otherRoutes() async throws {
    try await whileFull { client async throws in
      #expect(try await client.get("/health/live").status == 200)
      #expect(try await client.get("/health/ready").status == 200)
      #expect(try await client.get("/public", bearer: "x").text == #"{"authenticated":false}"#)
      #expect(try await client.get("/me", bearer: "x").status == 401)
    }
  }
}
