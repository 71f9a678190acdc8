/// Where and within which limits a ``TokenApplication`` listens.
public struct ServerOptions: Sendable {
  public var host = "127.0.0.1"
  /// 0 for any free port; ``TokenApplication`` tells which it became.
  public var port = 8080
  /// Stands before every path: empty, or like `/auth`, without a slash at its end.
  public var pathPrefix = ""
  public var wire = WireFormat.standard
  /// A longer body of `POST /token` is answered 413.
  public var bodyBytesMax = 16 << 10
  /// How many requests of the routes that change anything are answered at once; further ones are answered 503 with
  /// `Retry-After` at once. 1 at least. A request counts from the end of its body on.
  public var requestsInFlightMax = ServerOptions.requestsInFlightStandard
  /// Longer headers, one or all together, are answered 400 and end the connection.
  public var headerBytesMax = 16 << 10
  /// How long a new connection may take until the header of its first request is complete, a TLS handshake included.
  public var headerTimeout = Duration.seconds(10)
  /// How long the body of a request may take after its header, and the client to take the reply.
  public var bodyTimeout = Duration.seconds(10)
  /// How long a connection may lie still after a reply; the next header must be complete by then.
  public var idleTimeout = Duration.seconds(60)
  /// Further connections wait in the system's queue.
  public var connectionsMax = 10_000
  /// Further connections from one address (of IPv6 its first 64 bits) are closed at once; 0 for no bound, as
  /// behind a proxy, whose connections all come from one.
  public var connectionsPerAddressMax = 0
  /// How many log-ins may fail a minute from one address with one client, and four times as many with all clients; further ones are answered
  /// 429 with `Retry-After`. 0 for no bound.
  public var failedLoginsPerMinute = 60
  /// Whether the last entry of `X-Forwarded-For` says where a request comes from: only where every connection comes from a proxy that sets it.
  public var trustsProxy = false
  /// The origins whose pages may call the routes from a browser, as `https://app.example` or `capacitor://localhost`; none by default. The
  /// admin routes, introspection and `/auth` are never open to pages.
  public var allowedOrigins: Set<String> = []
  /// Headers that these pages may send besides `Authorization` and `Content-Type`, in lower case, as `traceparent`.
  public var allowedHeaders: Set<String> = []
  /// How `/me` and `/auth` refuse a request without a good enough access token.
  public var bearerChallenge = BearerChallenge()
  /// Speak TLS with this certificate; nil for plaintext.
  public var certificate: ServerCertificate?
  /// With a certificate, offer HTTP/2 beside HTTP/1.1.
  public var offersHTTP2 = true

  /// Enough to fill every commit of a fast disk, and a second of work of a slow one.
  public static let requestsInFlightStandard = 1024

  public init() {}
}

/// How `POST /token` speaks.
public enum WireFormat: String, Sendable, Hashable, CaseIterable {
  /// RFC 6749: clients authenticate, errors are those of its §5.2.
  case standard
  /// As the `/api/token` of rommapp/romm: no client authentication, `expires` beside `expires_in`, errors as
  /// `{"detail": "..."}`.
  case romm

  var tokenWire: any TokenWire {
    switch self {
    case .standard: StandardWire()
    case .romm: RommWire()
    }
  }
}
