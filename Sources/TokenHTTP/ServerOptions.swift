/// The options of a ``TokenApplication``: where it listens, and within which limits.
public struct ServerOptions: Sendable {
  public var host = "127.0.0.1"
  /// The port to listen on; 0 for any free one, which ``TokenApplication`` reports.
  public var port = 8080
  /// The prefix of every path: empty, or like `/auth`, without a slash at its end.
  public var pathPrefix = ""
  public var wire = WireFormat.standard
  /// The most bytes of a body; a longer one is answered with 413.
  public var bodyBytesMax = 16 << 10
  /// The most requests that are answered at once, of the routes that change anything; at least 1.
  ///
  /// Further ones are answered with 503 and `Retry-After` at once. A request counts from the end of its body on.
  public var requestsInFlightMax = ServerOptions.requestsInFlightStandard
  /// The most streams of `GET /admin/revocations` at once; further ones are answered with 503 and `Retry-After`.
  public var revocationStreamsMax = 256
  /// The most bytes of headers, of one or all together; longer ones are answered with 400 and end the connection.
  public var headerBytesMax = 16 << 10
  /// The time that a new connection has until the header of its first request is complete, a TLS handshake included.
  public var headerTimeout = Duration.seconds(10)
  /// The time that the body of a request has after its header, and the client has to take the reply.
  public var bodyTimeout = Duration.seconds(10)
  /// The time that a connection can be idle after a reply; the next header must be complete by then.
  public var idleTimeout = Duration.seconds(60)
  /// The most open connections; further ones wait in the system's queue.
  public var connectionsMax = 10_000
  /// The most open connections of one address (of IPv6 its first 64 bits); further ones are closed at once.
  ///
  /// 0 for no bound, for a server behind a proxy, whose connections all come from one address.
  public var connectionsPerAddressMax = 0
  /// The number of log-ins that can fail in a minute from one address with one client; four times as many can fail from
  /// it with all clients.
  ///
  /// Further ones are answered with 429 and `Retry-After`. 0 for no bound.
  public var failedLoginsPerMinute = 60
  /// True if the last entry of `X-Forwarded-For` says where a request comes from, and those of `X-Forwarded-Proto` and
  /// `X-Forwarded-Host` how its client addressed it (``RequestAddressing``): only if every connection comes from a
  /// proxy that sets them.
  public var trustsProxy = false
  /// The origins whose pages can call the routes from a browser, like `https://app.example` or `capacitor://localhost`;
  /// none by default.
  ///
  /// The admin routes, introspection and `/auth` are never open to pages.
  public var allowedOrigins: Set<String> = []
  /// The headers that these pages can send besides `Authorization`, `Content-Type` and `DPoP`, in lower case, like
  /// `traceparent`.
  public var allowedHeaders: Set<String> = []
  /// The way in which `/me` and `/auth` refuse a request without a good enough access token.
  public var bearerChallenge = BearerChallenge()
  /// The certificate to speak TLS with; nil for plaintext.
  public var certificate: ServerCertificate?
  /// True if HTTP/2 is offered beside HTTP/1.1.
  ///
  /// HTTP/2 needs a certificate.
  public var offersHTTP2 = true
  /// The time between two signs of life on a stream without news.
  package var streamHeartbeat = Duration.seconds(15)
  /// The time by which failed log-ins are counted.
  package var loginClock: @Sendable () -> ContinuousClock.Instant = { .now }

  /// The default of ``requestsInFlightMax``: enough to fill every commit of a fast disk, and a second of work of a slow
  /// one.
  public static let requestsInFlightStandard = 1024

  public init() {}
}

/// The format of `POST /token`.
public enum WireFormat: String, Sendable, Hashable, CaseIterable {
  /// The format of RFC 6749: clients authenticate, errors are those of its §5.2.
  case standard
  /// The format of `/api/token` of rommapp/romm: no client authentication, `expires` beside `expires_in`, errors as
  /// `{"detail": "..."}`.
  case romm

  var tokenWire: any TokenWire {
    switch self {
    case .standard: StandardWire()
    case .romm: RommWire()
    }
  }
}
