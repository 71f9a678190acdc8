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
  /// `Retry-After` at once, and their bodies are not read. 1 at least.
  public var requestsInFlightMax = ServerOptions.requestsInFlightStandard
  /// Longer headers, one or all together, are answered 400 and end the connection.
  public var headerBytesMax = 32 << 10
  /// How long a connection may lie still, between requests or in the middle of one.
  public var idleTimeout = Duration.seconds(60)
  /// Further connections wait in the system's queue.
  public var connectionsMax = 10_000

  /// Enough to fill every commit of a fast disk, and a second of work of a slow one.
  public static let requestsInFlightStandard = 1024

  public init() {}
}
