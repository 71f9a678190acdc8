public import RotationModel
internal import TokenLedger
public import TokenSigning
public import WriteAheadLog

/// The policies of a ``RotationEngine``. The defaults are those of the server.
public struct EngineOptions: Sendable {
  /// The `iss` of every token, compared byte for byte at verification.
  public var issuer = "http://127.0.0.1:8080"
  /// The `aud` of access tokens; left out of them where empty.
  public var audience = ""
  /// What new keys of access tokens are for. Keys that exist keep their algorithm until they are rotated.
  public var algorithm = SignatureAlgorithm.hs256
  /// How long an access token is accepted, to the millisecond. From 1 ms to 30 days.
  public var accessLifetime = Duration.seconds(15 * 60)
  /// How long a refresh token may lie unused, to the millisecond. From 1 ms to 100 years.
  public var idleLifetime = Duration.seconds(30 * 86_400)
  /// How long after its opening a session ends whatever happens. From 1 ms to 100 years.
  public var absoluteLifetime = Duration.seconds(365 * 86_400)
  /// For how long after a rotation its predecessor is answered with the identical pair: 0 for never, at most 300 s.
  /// A client may have its own.
  public var grace = Duration.zero
  /// What happens when a token that was rotated out is presented again.
  public var reuse = ReusePolicy.revokeSession
  /// How many sessions a subject may have at a time: the next opening revokes the least recently used one. 0 for any number, at
  /// most 10,000.
  public var sessionsPerSubjectMax = 0
  /// Whether sessions that exist take on changed lifetimes, and rotation, at their next refresh.
  public var existingSessions = ExistingSessions.keep
  /// Makes the claims that an access token has beside the standard ones; nil for none. See ``CustomClaims``.
  public var customClaims: (@Sendable (ClaimsContext) async throws -> CustomClaims)?
  /// When an outcome counts as durable.
  public var durability = Durability.always
  /// A segment of the log is closed when it has grown past this many bytes. 64 KiB…4 GiB.
  public var segmentBytesMax = 64 << 20
  /// A checkpoint is written by ``RotationEngine/run()`` when the log has grown by as many bytes. 1 MiB…1 TiB.
  public var checkpointEvery = 1 << 30

  public init() {}

  /// Throws ``EngineError/invalid(field:limit:)`` for the first value outside its limit.
  public func validate() throws(EngineError) {
    try Limits.accessLifetime.checkOption("accessLifetime", accessLifetime)
    try Limits.lifetime.checkOption("idleLifetime", idleLifetime)
    try Limits.lifetime.checkOption("absoluteLifetime", absoluteLifetime)
    try Limits.grace.checkOption("grace", grace)
    try Limits.sessionsPerSubject.checkOption("sessionsPerSubjectMax", sessionsPerSubjectMax)
    guard !issuer.isEmpty, issuer.utf8.count <= 256 else { throw .invalid(field: "issuer", limit: "1 to 256 bytes") }
    guard audience.utf8.count <= 256 else { throw .invalid(field: "audience", limit: "at most 256 bytes") }
    try LedgerOptions.segmentBytesLimit.checkOption("segmentBytesMax", segmentBytesMax)
    try LedgerOptions.checkpointBytesLimit.checkOption("checkpointEvery", checkpointEvery)
    if case .interval(let interval) = durability {
      try LedgerOptions.syncIntervalLimit.checkOption("syncInterval", interval)
    }
  }
}

/// What a change of lifetimes in the configuration does to sessions that exist.
public enum ExistingSessions: String, Sendable, Hashable, CaseIterable {
  /// Nothing: they live by what they were opened with.
  case keep
  /// From their next refresh on they live by what is configured then, for longer or for shorter. None that has expired comes back.
  case follow
}
