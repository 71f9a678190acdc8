public import RotationModel
internal import TokenLedger
public import TokenSigning
public import WriteAheadLog

/// The policies of a ``RotationEngine``.
///
/// The defaults are those of the server.
public struct EngineOptions: Sendable {
  /// The `iss` of every token, compared byte by byte at verification.
  public var issuer = "http://127.0.0.1:8080"
  /// The `aud` of access tokens, omitted from them if empty.
  public var audience = ""
  /// The algorithm of new keys of access tokens.
  ///
  /// Existing keys keep their algorithm until they are rotated.
  public var algorithm = SignatureAlgorithm.hs256
  /// The lifetime of an access token, to the millisecond, from 1 ms to 30 days.
  public var accessLifetime = Duration.seconds(15 * 60)
  /// The longest time for which a refresh token can stay unused, to the millisecond, from 1 ms to 100 years.
  public var idleLifetime = Duration.seconds(30 * 86_400)
  /// The time after its opening at which a session ends whatever happens, from 1 ms to 100 years.
  public var absoluteLifetime = Duration.seconds(365 * 86_400)
  /// The grace window: the time after a rotation in which the predecessor is answered with the same pair; 0 for none,
  /// at most 300 s.
  ///
  /// A client can have its own.
  public var grace = Duration.zero
  /// The policy for a consumed token that is presented again.
  public var reuse = ReusePolicy.revokeSession
  /// The most sessions of a subject at a time: opening one more revokes the least recently used one.
  ///
  /// 0 for no cap, at most 10,000.
  public var sessionsPerSubjectMax = 0
  /// The choice whether existing sessions adopt changed lifetimes, and rotation, at their next refresh.
  public var existingSessions = ExistingSessions.keep
  /// A closure that makes further claims of an access token beside the standard ones, or nil for none.
  ///
  /// See ``CustomClaims``.
  public var customClaims: (@Sendable (ClaimsContext) async throws -> CustomClaims)?
  /// The policy for proofs of keys, to which tokens are bound (RFC 9449).
  public var dpop = DPoPOptions()
  /// The moment at which an outcome counts as durable.
  public var durability = Durability.always
  /// The number of bytes past which a segment of the log is closed, from 64 KiB to 4 GiB.
  public var segmentBytesMax = 64 << 20
  /// The number of bytes by which the log grows before ``RotationEngine/run()`` writes a checkpoint, from 1 MiB to 1
  /// TiB.
  public var checkpointEvery = 1 << 30

  public init() {}

  /// Checks each option.
  ///
  /// - Throws: ``EngineError/invalid(field:limit:)`` for the first value outside its limit.
  public func validate() throws(EngineError) {
    try Limits.accessLifetime.checkOption("accessLifetime", accessLifetime)
    try Limits.lifetime.checkOption("idleLifetime", idleLifetime)
    try Limits.lifetime.checkOption("absoluteLifetime", absoluteLifetime)
    try Limits.grace.checkOption("grace", grace)
    try Limits.sessionsPerSubject.checkOption("sessionsPerSubjectMax", sessionsPerSubjectMax)
    guard !issuer.isEmpty, issuer.utf8.count <= 256 else { throw .invalid(field: "issuer", limit: "1 to 256 bytes") }
    guard audience.utf8.count <= 256 else { throw .invalid(field: "audience", limit: "at most 256 bytes") }
    try dpop.validate()
    try LedgerOptions.segmentBytesLimit.checkOption("segmentBytesMax", segmentBytesMax)
    try LedgerOptions.checkpointBytesLimit.checkOption("checkpointEvery", checkpointEvery)
    if case .interval(let interval) = durability {
      try LedgerOptions.syncIntervalLimit.checkOption("syncInterval", interval)
    }
  }
}

/// The effect of changed lifetimes in the configuration on existing sessions.
public enum ExistingSessions: String, Sendable, Hashable, CaseIterable {
  /// Existing sessions keep the terms that they were opened with.
  case keep
  /// Existing sessions adopt the configured terms at their next refresh, whether longer or shorter. An expired session
  /// does not come back.
  case follow
}
