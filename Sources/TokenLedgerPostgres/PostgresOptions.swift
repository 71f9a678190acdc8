#if Postgres
/// The way in which a ledger uses its database.
public struct PostgresOptions: Sendable {
  /// The copies that there must be before an outcome leaves the instance.
  public enum Standby: String, Sendable, Hashable, CaseIterable {
    /// Each transaction waits for a synchronous standby, and none is begun while the server names none: losing a
    /// machine loses nothing.
    case required
    /// The server's own storage is enough: a managed database that replicates it, or a single server.
    case none
  }

  /// The treatment of access tokens while it is not known what other instances revoke.
  public enum OnStale: String, Sendable, Hashable, CaseIterable {
    /// They are accepted; health and metrics say how old the news is.
    case serve
    /// They are refused.
    case refuse
  }

  /// The schema's name in the database.
  public var schema = "refresh_ledger"
  /// Connections on which steps run; the feed has one more. From 1 to 16.
  public var connections = 2
  public var standby = Standby.required
  /// The time for which a call is tried before it throws.
  public var requestDeadline = Duration.seconds(10)
  /// The age at which the news of other instances' revocations is called stale.
  public var staleAfter = Duration.seconds(5)
  public var onStale = OnStale.serve
  /// The time for which events are kept.
  public var eventRetention = Duration.seconds(90 * 86_400)
  /// The most sessions that a subject can have at a time: the next opening revokes the least recently used. 0 for any
  /// number.
  public var sessionsPerSubjectMax = 0
  /// Whether it goes to work on a database that lacks what an instance acknowledged: for the fence alone.
  package var acceptsLacking = false
  /// In place of the database's clock, in tests.
  package var simulatedClock: SessionClock?

  public init() {}

  public static let connectionsLimit = Limit(1...16, "from 1 to 16")
  public static let requestDeadlineLimit = Limit(Duration.milliseconds(100)...(.seconds(60)), "from 100ms to 60s")
  public static let staleAfterLimit = Limit(Duration.milliseconds(200)...(.seconds(3600)), "from 200ms to 3600s")
  public static let eventRetentionLimit = Limit(Duration.seconds(3600)...(.seconds(3660 * 86_400)), "from 1h to 3660d")

  /// - Throws: `.invalid` for the first value outside its limit.
  public func validate() throws(LedgerError) {
    try Self.connectionsLimit.check("connections", connections)
    try Self.requestDeadlineLimit.check("requestDeadline", requestDeadline)
    try Self.staleAfterLimit.check("staleAfter", staleAfter)
    try Self.eventRetentionLimit.check("eventRetention", eventRetention)
    try Limits.sessionsPerSubject.check("sessionsPerSubjectMax", sessionsPerSubjectMax)
  }

  package var time: StatementTime { simulatedClock == nil ? .database : .simulated }
}
#endif
