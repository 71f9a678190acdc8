internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Synchronization

/// The requests to `POST /token` that are answered without the server's own way to its routes, which costs more than
/// what they ask for.
///
/// The answers are those of that way: the same checks, bounds, metrics and bytes. All other requests take that way:
/// another path, a query, a body without a length or over the bound, the last request of a connection.
final class DirectRequests: Sendable {
  private let endpoint: TokenEndpoint
  private let admission: RequestAdmission<TokenRequestContext>
  private let addresses: AddressSource
  /// The path of the route, and its name in the metrics.
  private let path: String
  private let bodyBytesMax: Int
  private let metrics: RequestMetrics?
  private let origins: OriginAllowList?
  private let logger: Logger
  private let date = ReplyDate()

  /// Creates the direct way to the route at `path`, which includes the server's prefix.
  ///
  /// The logger is the server's; each request that needs one has its own id in it.
  init(
    endpoint: TokenEndpoint, admission: RequestAdmission<TokenRequestContext>, addresses: AddressSource, path: String,
    bodyBytesMax: Int, metrics: RequestMetrics?, origins: OriginAllowList?, logger: Logger
  ) {
    self.endpoint = endpoint
    self.admission = admission
    self.addresses = addresses
    self.path = path
    self.bodyBytesMax = bodyBytesMax
    self.metrics = metrics
    self.origins = origins
    self.logger = logger
  }

  /// Checks by its head whether a request is one of these.
  ///
  /// The body of such a request is within the bound.
  func takes(_ head: HTTPRequest) -> Bool {
    guard head.method == .post, head.path == path else { return false }
    let fields = head.headerFields
    guard let length = fields.contentLength, length >= 0, length <= bodyBytesMax else {
      return false
    }
    return !fields.contains(.connection) || fields[.connection] != "close"
  }

  /// Answers a request that ``takes(_:)`` has accepted, once its body is complete.
  ///
  /// The address of the connection is `peer`, since a connection has none any more once it is closed. The head of the
  /// request came at `began`.
  func answer(
    _ head: HTTPRequest, _ body: ByteBuffer, over channel: any Channel, from peer: SocketAddress?,
    since began: ContinuousClock.Instant
  ) async -> DirectReply {
    let request = Request(head: head, body: RequestBody(buffer: body))
    var response: Response
    do {
      response = try await admission.admit(hungUp: admission.hasHungUp(channel)) {
        try await endpoint.respond(to: request, logger: requestLogger()) {
          addresses.address(of: request, peer: peer)
        }
      }
      origins?.amend(&response, to: request)
      metrics?.note(route: path, response.status, within: ContinuousClock.now - began)
    } catch {
      // What the route throws is the end of a connection while it reads a body, which is here already. The server would
      // answer the same.
      response = Response(status: .internalServerError)
    }
    response.headers[.date] = date.now
    return await DirectReply(response)
  }

  /// The logger of one request, as the server makes it.
  private func requestLogger() -> Logger {
    var logger = logger
    logger[metadataKey: "hb.request.id"] = .stringConvertible(RequestID())
    return logger
  }
}

/// A whole reply.
struct DirectReply: Sendable {
  let head: HTTPResponse
  let body: ByteBuffer

  fileprivate init(_ response: Response) async {
    head = response.head
    let bytes = BodyBytes()
    // What is written into memory throws nothing.
    try? await response.body.write(BodyCopy(bytes: bytes))
    body = bytes.written.withLock { $0 }
  }
}

private final class BodyBytes: Sendable {
  let written = Mutex(ByteBuffer())
}

private struct BodyCopy: ResponseBodyWriter {
  let bytes: BodyBytes

  func write(_ buffer: ByteBuffer) async throws {
    bytes.written.withLock { written in
      // Mostly it is one part, which is not copied then.
      guard written.readableBytes > 0 else {
        written = buffer
        return
      }
      written.writeImmutableBuffer(buffer)
    }
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
