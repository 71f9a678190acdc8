internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization

/// Reads the body before it passes the request on, so that nothing behind it waits for a client that sends slowly.
///
/// A body past the bound is passed on unread: each route answers 413 in its own words.
struct BufferedBody<Context: RequestContext>: RouterMiddleware {
  let bytesMax: Int

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var request = request
    guard !request.announcesBody(over: bytesMax) else { return try await next(request, context) }
    var bytes = ByteBuffer()
    for try await part in request.body {
      var part = part
      bytes.writeBuffer(&part)
      // One byte past the bound is enough to be refused, and to remember no more.
      if bytes.readableBytes > bytesMax { break }
    }
    request.body = RequestBody(buffer: bytes)
    return try await next(request, context)
  }
}

/// Why a request is not looked at.
enum AdmissionRefusal: Equatable, Sendable {
  /// As many requests are being answered as may be at once.
  case overloaded
  /// The client has hung up before it was looked at, and can have asked elsewhere.
  case hungUp
}

/// Admits requests, whose bodies were read: so many at once, and none whose client has hung up. Others are refused at
/// once.
///
/// For routes that change something, whose answer waits for something, mostly the disk: if that never comes, the
/// requests that wait stay, and without a bound every further one would stay with them.
struct RequestAdmission<Context: RequestContext>: RouterMiddleware {
  private final class Count: Sendable {
    let value = Atomic(0)
  }

  private let inFlightMax: Int
  private let hangUps: HangUps
  private let refusal: @Sendable (AdmissionRefusal) -> Response
  private let inFlight: Count

  /// - Parameter inFlightMax: 1 at least.
  init(inFlightMax: Int, hangUps: HangUps, refusal: @escaping @Sendable (AdmissionRefusal) -> Response) {
    self.init(inFlightMax: inFlightMax, hangUps: hangUps, inFlight: Count(), refusal: refusal)
  }

  private init(
    inFlightMax: Int, hangUps: HangUps, inFlight: Count, refusal: @escaping @Sendable (AdmissionRefusal) -> Response
  ) {
    precondition(inFlightMax >= 1, "a bound that lets nothing through")
    (self.inFlightMax, self.hangUps, self.inFlight, self.refusal) = (inFlightMax, hangUps, inFlight, refusal)
  }

  /// Returns the same bound, shared with this one, for routes that refuse in other words.
  func refusing(with refusal: @escaping @Sendable (AdmissionRefusal) -> Response) -> RequestAdmission {
    RequestAdmission(inFlightMax: inFlightMax, hangUps: hangUps, inFlight: inFlight, refusal: refusal)
  }

  @concurrent
  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    defer { inFlight.value.subtract(1, ordering: .relaxed) }
    guard inFlight.value.add(1, ordering: .relaxed).newValue <= inFlightMax else { return refusal(.overloaded) }
    if let channel = (context as? any ConnectionContext)?.channel, hangUps.contains(channel) { return refusal(.hungUp) }
    return try await next(request, context)
  }
}

extension Request {
  /// Tells whether the body is announced as longer. Such a body is never waited for: on HTTP/1 nothing of it is read.
  func announcesBody(over bytesMax: Int) -> Bool {
    headers[.contentLength].flatMap { Int($0) }.map { $0 > bytesMax } ?? false
  }

  /// Returns the whole body, or nil if it is longer. Throws errors of the connection while it is read.
  func body(bytesMax: Int) async throws -> ByteBuffer? {
    guard !announcesBody(over: bytesMax) else { return nil }
    do { return try await body.collect(upTo: bytesMax) } catch is NIOTooManyBytesError { return nil }
  }
}
