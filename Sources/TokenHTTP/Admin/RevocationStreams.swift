internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import RotationModel
internal import ServiceLifecycle
internal import Synchronization
internal import TokenEngine
internal import TokenObservability

/// `GET /admin/revocations`: tells what is revoked, as server-sent events, to clients that may introspect.
///
/// With the cursor of an earlier event, as `after` or `Last-Event-ID`, a stream begins with the event `resumed` and
/// goes on after that event. Without one, and for a cursor that is too old or of another server, it begins with
/// everything that is in force, between the events `list` and `listed`. Each event after that has an id, its cursor. A
/// comment comes at least each 15 seconds. The last event is `end`, with the reason, unless the connection breaks.
///
/// A stream keeps nothing for a slow client but its place: it reads what the ledger's register keeps for all. Streams
/// that begin with a list share one. A client that is removed, changed or may introspect no more is told nothing more.
struct RevocationStreams: Sendable {
  static let mediaType = "text/event-stream"
  /// The events that are written at once.
  private static let batch = 256

  private let gate: AdminGate
  private let seats: StreamSeats
  private let listings = SharedListing()
  private let heartbeat: Duration

  private var engine: RotationEngine { gate.engine }

  init(gate: AdminGate, countMax: Int, heartbeat: Duration, metrics: RevocationStreamMetrics?) {
    self.gate = gate
    self.heartbeat = heartbeat
    seats = StreamSeats(max: countMax, metrics: metrics)
  }

  func follow(_ request: Request, logger: Logger) async throws -> Response {
    try await gate.respond(to: request, needing: .introspection, logger: logger) { client in
      let query = try FormParameters(query: request, known: ["after"])
      guard let register = engine.followedRegister else {
        throw EngineError.invalid(field: "ledger", limit: "one whose revocations can be followed")
      }
      // A browser's EventSource opens the same address again, with the newer place in the header.
      let text = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] } ?? query[named: "after"]
      guard !engine.health.isFeedStale, let seat = seats.take() else {
        var response = Response(.unavailable)
        response.headers[.retryAfter] = RetryAfter.soon
        return response
      }
      let body = ResponseBody { writer in
        do {
          let end = try await write(
            from: text.flatMap(RevocationJournal.Cursor.init), of: register, to: client, by: &writer)
          seat.end = end
          try await writer.write(EventText.end(end).buffer)
        } catch {
          // The connection has ended.
          seat.leave()
          throw error
        }
        seat.leave()
        try await writer.finish(nil)
      }
      return Response(status: .ok, headers: Self.headers, body: body)
    }
  }

  private static let headers: HTTPFields = {
    var fields: HTTPFields = [
      .contentType: mediaType, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
    ]
    // nginx would keep events back until it has a bufferful.
    if let buffering = HTTPField.Name("X-Accel-Buffering") { fields[buffering] = "no" }
    return fields
  }()

  /// Writes the stream until it ends from here.
  @concurrent
  private func write(
    from known: RevocationJournal.Cursor?, of register: any FollowedRegister, to client: Client,
    by writer: inout any ResponseBodyWriter
  ) async throws -> StreamEnd {
    var place = try await begin(from: known, of: register, to: &writer)
    var looked = ContinuousClock.now
    while true {
      if looked.duration(to: .now) >= heartbeat {
        guard await stillMayFollow(client) else { return .withdrawn }
        looked = .now
      }
      guard case .news(let revocations, let next) = register.journal.read(after: place, most: Self.batch) else {
        return .tooSlow
      }
      if !revocations.isEmpty {
        var text = EventText()
        for (index, revocation) in revocations.enumerated() {
          let position = place.position + UInt64(index) + 1
          text.add(revocation, at: RevocationJournal.Cursor(journal: place.journal, position: position))
        }
        try await writer.write(text.buffer)
        place = next
        continue
      }
      switch await wait(for: register.journal, after: place) {
      case .news: break
      case .heartbeat: try await writer.write(EventText.comment.buffer)
      case .shutdown: return .shutdown
      }
      try Task.checkCancellation()
      if engine.health.isFeedStale { return .stale }
    }
  }

  /// Looks the client up again.
  ///
  /// A client that cannot be looked up now is taken for what it was.
  private func stillMayFollow(_ client: Client) async -> Bool {
    do {
      guard let now = try await gate.authenticator.clients.client(id: client.id) else { return false }
      return now.mayIntrospect && now.version == client.version
    } catch {
      return true
    }
  }

  /// Writes what a follower needs first, and returns the place from which it goes on.
  @concurrent
  private func begin(
    from known: RevocationJournal.Cursor?, of register: any FollowedRegister, to writer: inout any ResponseBodyWriter
  ) async throws -> RevocationJournal.Cursor {
    if let known, case .news = register.journal.read(after: known, most: 0) {
      try await writer.write(EventText.event("resumed", id: known).buffer)
      return known
    }
    let listing = listings.listing(of: register, at: engine.time)
    var text = EventText.event("list")
    for (index, revocation) in listing.revocations.enumerated() {
      text.add(revocation)
      guard index % Self.batch == Self.batch - 1 else { continue }
      try await writer.write(text.buffer)
      text = EventText()
    }
    text.add("listed", id: listing.cursor)
    try await writer.write(text.buffer)
    return listing.cursor
  }

  private enum Cause {
    case news
    case heartbeat
    case shutdown
  }

  private func wait(for journal: RevocationJournal, after place: RevocationJournal.Cursor) async -> Cause {
    let heartbeat = heartbeat
    return await withTaskGroup(of: Cause.self) { group in
      group.addTask {
        await journal.waitForNews(after: place)
        return .news
      }
      group.addTask {
        try? await Task.sleep(for: heartbeat)
        return .heartbeat
      }
      group.addTask {
        try? await gracefulShutdown()
        return .shutdown
      }
      let first = await group.next()
      group.cancelAll()
      return first ?? .shutdown
    }
  }
}

/// The last list of everything in force, for as long as a stream writes it.
///
/// After a restart all followers need one at the same moment.
private final class SharedListing: Sendable {
  final class Listing: Sendable {
    let revocations: [Revocation]
    let cursor: RevocationJournal.Cursor

    init(_ revocations: [Revocation], _ cursor: RevocationJournal.Cursor) {
      (self.revocations, self.cursor) = (revocations, cursor)
    }
  }

  private struct Last {
    weak var listing: Listing?
  }

  private let last = Mutex(Last())

  /// Returns a list after whose cursor the journal still has everything.
  func listing(of register: any FollowedRegister, at now: Timestamp) -> Listing {
    last.withLock { last in
      if let listing = last.listing, case .news = register.journal.read(after: listing.cursor, most: 0) {
        return listing
      }
      let (revocations, cursor) = register.listing(at: now)
      let listing = Listing(revocations, cursor)
      last.listing = listing
      return listing
    }
  }
}

/// The number of open streams, which is bounded.
private final class StreamSeats: Sendable {
  private let max: Int
  private let metrics: RevocationStreamMetrics?
  private let count = Mutex(0)

  init(max: Int, metrics: RevocationStreamMetrics?) {
    (self.max, self.metrics) = (max, metrics)
  }

  /// Returns a seat that is free again when it is left or forgotten, or nil if all are taken.
  func take() -> StreamSeat? {
    let isTaken = count.withLock { count in
      guard count < max else { return false }
      count += 1
      metrics?.noteOpen(count)
      return true
    }
    return isTaken ? StreamSeat(of: self) : nil
  }

  fileprivate func free(_ end: StreamEnd) {
    count.withLock { count in
      count -= 1
      metrics?.noteOpen(count)
    }
    metrics?.note(end)
  }
}

/// A place among the open streams.
///
/// A reply that is never written leaves it too, when it is forgotten.
private final class StreamSeat: Sendable {
  private let seats: StreamSeats
  private let state = Mutex((end: StreamEnd.client, isLeft: false))

  init(of seats: StreamSeats) { self.seats = seats }

  deinit { leave() }

  var end: StreamEnd {
    get { state.withLock(\.end) }
    set { state.withLock { $0.end = newValue } }
  }

  func leave() {
    let end = state.withLock { state -> StreamEnd? in
      defer { state.isLeft = true }
      return state.isLeft ? nil : state.end
    }
    if let end { seats.free(end) }
  }
}
