import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
import Testing
import TokenEngine
import TokenTesting

@testable import RotationModel
@testable import TokenHTTP

@Suite("The stream of revocations")
struct RevocationStreamTests {
  private static let follower = basic("rs:\(ServerFixture.secret)".utf8)

  /// The text that a stream has written so far; a write fails once the client has hung up.
  private final class Written: Sendable {
    struct HungUp: Error {}

    private let state = Mutex<(text: String, isEnded: Bool, isGone: Bool)>(("", false, false))

    var text: String { state.withLock(\.text) }
    var isEnded: Bool { state.withLock(\.isEnded) }

    func hangUp() { state.withLock { $0.isGone = true } }
    func end() { state.withLock { $0.isEnded = true } }

    func write(_ buffer: ByteBuffer) throws {
      try state.withLock { state in
        guard !state.isGone else { throw HungUp() }
        state.text += String(buffer: buffer)
      }
    }
  }

  private struct Writer: ResponseBodyWriter {
    let written: Written

    mutating func write(_ buffer: ByteBuffer) async throws { try written.write(buffer) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws { written.end() }
  }

  private func fixture(metrics: ServerMetrics? = nil) throws -> ServerFixture {
    let fixture = try ServerFixture(metrics: metrics)
    fixture.clients.set(Client(id: "rs", isPublic: false, mayIntrospect: true), secret: ServerFixture.secret)
    fixture.clients.set(Client(id: "boss", isPublic: false, isAdmin: true), secret: ServerFixture.secret)
    return fixture
  }

  private func streams(
    of fixture: ServerFixture, countMax: Int = 4, heartbeat: Duration = .seconds(1000)
  ) -> RevocationStreams {
    let faults = FaultReplies(engine: fixture.engine, wire: StandardWire())
    let gate = AdminGate(
      authenticator: ClientAuthenticator(clients: fixture.clients), faults: faults, bodyBytesMax: 1000)
    return RevocationStreams(
      gate: gate, countMax: countMax, heartbeat: heartbeat, metrics: fixture.metrics?.streams)
  }

  private func open(
    _ streams: RevocationStreams, query: String = "", lastEventID: String? = nil, authorization: String = follower
  ) async throws -> Response {
    var head = HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/admin/revocations\(query)")
    head.headerFields[.authorization] = authorization
    if let lastEventID, let name = HTTPField.Name("Last-Event-ID") { head.headerFields[name] = lastEventID }
    return try await streams.follow(
      Request(head: head, body: RequestBody(buffer: ByteBuffer())),
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  /// Reads a stream beside the test.
  private func read(_ response: Response) -> (written: Written, task: Task<Void, Never>) {
    let written = Written()
    let body = response.body
    return (written, Task { try? await body.write(Writer(written: written)) })
  }

  private func becomesTrue(_ condition: () async -> Bool) async -> Bool {
    for _ in 0..<30_000 {
      if await condition() { return true }
      try? await Task.sleep(for: .milliseconds(1))
    }
    return await condition()
  }

  private func lines(_ text: String, _ field: String) -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("\(field): ") }.map { String($0.dropFirst(field.utf8.count + 2)) }
  }

  @Test("begins with all that is in force, and then tells each revocation, with a place to go on from")
  func tells() async throws {
    let fixture = try fixture()
    let (first, second) = (try await fixture.pair(), try await fixture.pair())
    _ = try await fixture.engine.revoke(first.session)
    let streams = streams(of: fixture)
    let response = try await open(streams)
    #expect(response.status == .ok && response.headers[.contentType] == "text/event-stream")
    #expect(response.headers[.cacheControl] == "no-store")
    let (written, task) = read(response)
    #expect(await becomesTrue { written.text.contains("event: listed") })
    #expect(lines(written.text, "event") == ["list", "revocation", "listed"])
    #expect(written.text.contains(first.session.text) && !written.text.contains(second.session.text))
    _ = try await fixture.engine.revoke(second.session)
    #expect(await becomesTrue { written.text.contains(second.session.text) })
    try await fixture.engine.revokeSessions(of: .subject("ann"))
    #expect(await becomesTrue { written.text.contains("\"subject\":\"ann\"") })
    let ids = lines(written.text, "id")
    #expect(ids.count == 3 && Set(ids).count == 3)
    task.cancel()
    await task.value
    // From the place after the first revocation only the second one is told; the header is newer than the address.
    for (query, header) in [("?after=\(ids[1])", nil), ("?after=\(ids[0])", ids[1])] as [(String, String?)] {
      let (again, reading) = read(try await open(streams, query: query, lastEventID: header))
      #expect(await becomesTrue { again.text.contains("\"subject\":\"ann\"") })
      #expect(lines(again.text, "event") == ["resumed", "revocation"])
      #expect(lines(again.text, "id") == [ids[1], ids[2]])
      reading.cancel()
      await reading.value
    }
  }

  @Test(
    "begins with all that is in force for a place that is not known", arguments: ["x", "q83vEjRWeJCrze8S.0", "%20"])
  func otherPlaces(cursor: String) async throws {
    let fixture = try fixture()
    let streams = streams(of: fixture)
    let (written, task) = read(try await open(streams, query: "?after=\(cursor)"))
    #expect(await becomesTrue { written.text.contains("event: listed") })
    #expect(lines(written.text, "event") == ["list", "listed"])
    task.cancel()
    await task.value
  }

  @Test("is for clients that may introspect, and for as many at once as there may be")
  func permissions() async throws {
    let counted = CountedMetrics()
    let fixture = try fixture(metrics: counted.server)
    let streams = streams(of: fixture, countMax: 1)
    #expect(try await open(streams, authorization: basic("boss:\(ServerFixture.secret)".utf8)).status == .forbidden)
    #expect(try await open(streams, authorization: basic("rs:wrong".utf8)).status == .unauthorized)
    #expect(try await open(streams, query: "?befor=1").status == .badRequest)
    let (written, task) = read(try await open(streams))
    #expect(await becomesTrue { written.text.contains("event: listed") })
    let refused = try await open(streams)
    #expect(refused.status == .serviceUnavailable && refused.headers[.retryAfter] == "1")
    // A client that has hung up is noticed with the next sign of life, here a revocation.
    written.hangUp()
    let pair = try await fixture.pair()
    _ = try await fixture.engine.revoke(pair.session)
    await task.value
    do {
      // A reply that nobody reads takes no place for long.
      let unread = try await open(streams)
      #expect(unread.status == .ok)
    }
    #expect(try await open(streams).status == .ok)
    #expect(counted.counts["revocation_stream_ends_total{client}"] ?? 0 >= 2)
  }

  @Test("ends for a client that may follow no longer", arguments: ["removed", "replaced", "without the right"])
  func withdrawn(how: String) async throws {
    let fixture = try fixture()
    let (written, task) = read(try await open(streams(of: fixture, heartbeat: .milliseconds(5))))
    #expect(await becomesTrue { written.text.contains(": heartbeat") })
    switch how {
    case "removed": fixture.clients.remove("rs")
    case "replaced":
      fixture.clients.set(
        Client(id: "rs", isPublic: false, mayIntrospect: true, version: AccountVersion("2")),
        secret: ServerFixture.secret)
    default: fixture.clients.set(Client(id: "rs", isPublic: false), secret: ServerFixture.secret)
    }
    await task.value
    #expect(lines(written.text, "event").last == "end" && written.text.contains(#"{"reason":"withdrawn"}"#))
  }

  @Test("goes on while the client cannot be looked up")
  func storeAway() async throws {
    let fixture = try fixture()
    let (written, task) = read(try await open(streams(of: fixture, heartbeat: .milliseconds(5))))
    fixture.clients.fail(with: .unreadable("away"))
    #expect(await becomesTrue { lines(written.text, "event").count == 2 && written.text.hasSuffix(": heartbeat\n\n") })
    #expect(await becomesTrue { written.text.contains(": heartbeat\n\n: heartbeat\n\n") && !written.isEnded })
    task.cancel()
    await task.value
  }

  @Test("shows a sign of life while there is no news")
  func heartbeat() async throws {
    let fixture = try fixture()
    let (written, task) = read(try await open(streams(of: fixture, heartbeat: .milliseconds(5))))
    #expect(await becomesTrue { written.text.contains(": heartbeat\n\n: heartbeat\n\n") })
    task.cancel()
    await task.value
  }

  @Test("ends with the reason for a client that has fallen behind what is kept")
  func tooSlow() async throws {
    let fixture = try fixture()
    let counted = try #require(fixture.engine.followedRegister)
    // The writer is slower than the journal: its first write waits until the place is lost.
    let place = counted.journal.follow()
    let streams = streams(of: fixture)
    let response = try await open(streams, query: "?after=\(place.text)")
    let written = Written()
    struct Slow: ResponseBodyWriter {
      let written: Written
      let wait: @Sendable () async -> Void

      mutating func write(_ buffer: ByteBuffer) async throws {
        await wait()
        try written.write(buffer)
      }
      consuming func finish(_ trailingHeaders: HTTPFields?) async throws { written.end() }
    }
    let (begun, gate) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
    let body = response.body
    let task = Task {
      let wait: @Sendable () async -> Void = {
        begun.continuation.finish()
        for await _ in gate.stream { return }
      }
      try? await body.write(Slow(written: written, wait: wait))
    }
    for await _ in begun.stream {}
    let lost = Revocation(time: .zero, until: .distantFuture, kind: .session(SessionID(high: 1, low: 1)))
    counted.journal.append(Array(repeating: lost, count: RevocationJournal.keptMax + 1))
    gate.continuation.finish()
    await task.value
    #expect(lines(written.text, "event") == ["resumed", "end"])
    #expect(written.text.contains(#"{"reason":"too_slow"}"#) && written.isEnded)
  }
}
