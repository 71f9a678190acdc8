internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization

/// The reason that a request is refused before it is looked at.
enum AdmissionRefusal: Equatable, Sendable {
  /// As many requests are being answered as may be at once.
  case overloaded
  /// The client has hung up before it was looked at, and can have asked elsewhere.
  case hungUp
}

/// Reads the body of a request and then admits it: so many at once, and none whose client has hung up.
///
/// Other requests are refused at once. Nothing behind this layer waits for a client that sends slowly.
///
/// A body past the bound is passed on unread: each route answers 413 in its own words.
///
/// For routes that change something, whose answer waits for something, mostly the disk: if that never comes, the
/// requests that wait stay, and without a bound every further one would stay with them.
struct RequestAdmission<Context: RequestContext>: RouterMiddleware {
  private final class Count: Sendable {
    let value = Atomic(0)
  }

  private let bodyBytesMax: Int
  private let inFlightMax: Int
  private let hangUps: HangUps
  private let refusal: @Sendable (AdmissionRefusal) -> Response
  private let inFlight: Count

  /// Creates a bound of `inFlightMax` requests at a time, at least 1.
  init(
    bodyBytesMax: Int, inFlightMax: Int, hangUps: HangUps,
    refusal: @escaping @Sendable (AdmissionRefusal) -> Response
  ) {
    precondition(inFlightMax >= 1, "a bound that lets nothing through")
    self.init(bodyBytesMax, inFlightMax, hangUps, Count(), refusal)
  }

  private init(
    _ bodyBytesMax: Int, _ inFlightMax: Int, _ hangUps: HangUps, _ inFlight: Count,
    _ refusal: @escaping @Sendable (AdmissionRefusal) -> Response
  ) {
    (self.bodyBytesMax, self.inFlightMax, self.hangUps) = (bodyBytesMax, inFlightMax, hangUps)
    (self.inFlight, self.refusal) = (inFlight, refusal)
  }

  /// Returns the same bound, shared with this one, for routes that refuse in other words.
  func refusing(with refusal: @escaping @Sendable (AdmissionRefusal) -> Response) -> RequestAdmission {
    RequestAdmission(bodyBytesMax, inFlightMax, hangUps, inFlight, refusal)
  }

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var request = request
    try await request.buffer(bytesMax: bodyBytesMax)
    return try await admit(hungUp: hangUps.contains((context as? any ConnectionContext)?.channel)) { [request] in
      try await next(request, context)
    }
  }

  /// Answers a request whose body has been read, unless as many as may be are being answered or its client has hung up.
  ///
  /// The question if the client has hung up is asked only if there is room for the request.
  func admit(hungUp: @autoclosure () -> Bool, _ answer: () async throws -> Response) async throws -> Response {
    defer { inFlight.value.subtract(1, ordering: .relaxed) }
    guard inFlight.value.add(1, ordering: .relaxed).newValue <= inFlightMax else { return refusal(.overloaded) }
    if hungUp() { return refusal(.hungUp) }
    return try await answer()
  }

  /// Checks whether the client of a connection has hung up, for a request that the connection's own task does not
  /// handle: a connection that has ended is forgotten when that task ends.
  func hasHungUp(_ channel: any Channel) -> Bool { hangUps.contains(channel) || !channel.isActive }
}

extension Request {
  /// Reads the body, if it is no longer than that.
  fileprivate mutating func buffer(bytesMax: Int) async throws {
    guard !announcesBody(over: bytesMax) else { return }
    var parts = body.makeAsyncIterator()
    // Mostly it is one part.
    guard var bytes = try await parts.next() else {
      body = RequestBody(buffer: ByteBuffer())
      return
    }
    // One byte past the bound is enough to be refused, and to remember no more.
    while bytes.readableBytes <= bytesMax, var part = try await parts.next() { bytes.writeBuffer(&part) }
    body = RequestBody(buffer: bytes)
  }

  /// Tells whether the body is announced as longer.
  ///
  /// Such a body is never waited for: on HTTP/1 nothing of it is read.
  func announcesBody(over bytesMax: Int) -> Bool {
    headers.contentLength.map { $0 > bytesMax } ?? false
  }

  /// Returns the whole body, or nil if it is longer.
  ///
  /// Throws errors of the connection while the body is read.
  func body(bytesMax: Int) async throws -> ByteBuffer? {
    guard !announcesBody(over: bytesMax) else { return nil }
    do { return try await body.collect(upTo: bytesMax) } catch is NIOTooManyBytesError { return nil }
  }
}
