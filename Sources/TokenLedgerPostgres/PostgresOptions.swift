#if Postgres
/// The options with which a ledger uses its database.
public struct PostgresOptions: Sendable {
  /// The copies that must exist before an outcome leaves the instance.
  public enum Standby: String, Sendable, Hashable, CaseIterable {
    /// Each transaction waits for a synchronous standby, and none is begun while the server names none. The loss of one
    /// machine loses no acknowledged change.
    case required
    /// The server's own storage is sufficient: a managed database that replicates it, or a single server.
    case none
  }

  /// The treatment of access tokens while the revocations of other instances are unknown.
  public enum OnStale: String, Sendable, Hashable, CaseIterable {
    /// Access tokens are accepted; health and metrics show the age of the news.
    case serve
    /// Access tokens are refused.
    case refuse
  }

  /// The name of the schema in the database.
  public var schema = "refresh_ledger"
  /// The number of connections on which steps run, from 1 to 16.
  ///
  /// The feed has one more.
  public var connections = 2
  public var standby = Standby.required
  /// The time for which a call is attempted before it throws.
  public var requestDeadline = Duration.seconds(10)
  /// The age from which on the news of other instances' revocations counts as stale.
  public var staleAfter = Duration.seconds(5)
  public var onStale = OnStale.serve
  /// The time for which events are kept.
  public var eventRetention = Duration.seconds(90 * 86_400)
  /// The most sessions of a subject at a time: opening one more revokes the least recently used one.
  ///
  /// The value 0 sets no cap.
  public var sessionsPerSubjectMax = 0
  /// True to work on a database that lacks what an instance acknowledged, which only the fence does.
  package var acceptsLacking = false
  /// The time after which the feed abandons a reading, if it is not derived from `requestDeadline`.
  package var feedStepLimit: Duration?
  /// A clock that replaces the database's in tests.
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
