internal import Platform

/// What a ledger knows of a session when a refresh token of it is presented: all that the rule looks at.
public struct SessionFacts: Sendable, Hashable {
  public var client: String
  /// Of the live refresh token.
  public var generation: UInt32
  /// Whether the session was revoked: by itself, by a wide revocation, or with a reuse.
  public var isRevoked: Bool
  /// Whether the live generation was seen as an access token: its predecessor is not answered any more.
  public var hasSeenSuccessor: Bool
  public var terms: SessionTerms
  public var openedAt: Timestamp
  /// When the live token was issued.
  public var refreshedAt: Timestamp
  /// What the live access token was narrowed to; nil for all that was granted.
  public var narrowedScope: String?
  /// Under which versions of its subject's and its client's account the session was opened.
  public var subjectVersion: AccountVersion
  public var clientVersion: AccountVersion

  @inlinable
  public init(
    client: String, generation: UInt32, isRevoked: Bool, hasSeenSuccessor: Bool, terms: SessionTerms,
    openedAt: Timestamp, refreshedAt: Timestamp, narrowedScope: String?, subjectVersion: AccountVersion,
    clientVersion: AccountVersion
  ) {
    self.client = client
    self.generation = generation
    self.isRevoked = isRevoked
    self.hasSeenSuccessor = hasSeenSuccessor
    self.terms = terms
    self.openedAt = openedAt
    self.refreshedAt = refreshedAt
    self.narrowedScope = narrowedScope
    self.subjectVersion = subjectVersion
    self.clientVersion = clientVersion
  }
}

/// What is to happen to a presented refresh token and its session.
public enum RotationVerdict: Sendable, Hashable {
  /// Consume it and make its successor live.
  case rotate
  /// Answer its successor once more.
  case retry(ReuseClass)
  /// Refuse it, and revoke its session in the same step if `revokes`.
  case refuseReuse(ReuseClass, generationsBehind: UInt32, revokes: Bool)
  /// Refuse it and revoke its session: the token proves that the ledger is older than what was served from it.
  case revokeRolledBack(generationsAhead: UInt32)
  /// Refuse it and revoke its session, which was opened under another version of an account than the request calls for.
  case revokeOutdated(generationsBehind: UInt32)
  /// Refuse it and change nothing.
  ///
  /// `holdsAfter`: the moment that must have passed for the verdict to hold, which the ledger must be sure to know after a restart; nil where time
  /// plays no part in it.
  case refuse(RotationRefusal, holdsAfter: Timestamp? = nil)
}

/// The rule of refresh-token rotation (RFC 9700 §4.14.2), the same for every ledger.
///
/// Pure: it is asked with what the ledger knows of the session at one moment, and changes nothing. The ledger carries its verdict out before any
/// other request on the session is judged.
public enum RotationRule {
  /// The verdict on a presented refresh token. What only the client got wrong (its id) is told before anything about the token's age, and neither
  /// consumes nor revokes.
  ///
  /// - Parameter facts: of the token's session; nil where the ledger has no such session, or has forgotten it.
  public static func verdict(
    on request: RotationRequest, for facts: SessionFacts?, at now: Timestamp
  ) -> RotationVerdict {
    guard let facts else { return .refuse(.unknown) }
    return verdict(on: request, of: facts, at: now)
  }

  /// The verdict where the ledger has the session. Inlined where it is asked, so that the facts need not be put together in memory.
  @inlinable
  @inline(__always)
  package static func verdict(
    on request: RotationRequest, of facts: SessionFacts, at now: Timestamp
  ) -> RotationVerdict {
    guard areSame(facts.client, request.client) else { return .refuse(.wrongClient) }
    let presented = request.token.generation
    let live = facts.terms.rotation == .never ? 0 : facts.generation
    let behind = live - min(presented, live)
    guard !facts.isRevoked else { return .refuse(.revoked(generationsBehind: behind)) }
    var end = facts.terms.lifetimes.end(openedAt: facts.openedAt, refreshedAt: facts.refreshedAt)
    if let terms = request.terms {
      end = min(end, terms.lifetimes.end(openedAt: facts.openedAt, refreshedAt: facts.refreshedAt))
    }
    guard now < end else { return .refuse(.expired(generationsBehind: behind), holdsAfter: end) }
    if isOutdated(facts, for: request) {
      return request.revokesOutdated
        ? .revokeOutdated(generationsBehind: behind)
        : .refuse(.outdated(generationsBehind: behind, revokedSession: false))
    }
    // Signed by us and not known: the ledger was restored from an older copy, or was not synced before a power loss. The
    // token that is live here was consumed then.
    guard presented <= live else { return .revokeRolledBack(generationsAhead: presented - live) }
    guard presented < live else {
      // 2^32 - 1 rotations: the session has no number left for a successor.
      return facts.generation == .max ? .refuse(.expired(generationsBehind: 0)) : .rotate
    }
    return verdict(onConsumed: request, of: facts, at: now)
  }

  @usableFromInline
  package static func areSame(_ name: String, _ other: String) -> Bool { name.hasSameBytes(as: other) }

  @usableFromInline
  package static func areSame(_ name: String?, _ other: String?) -> Bool { name.hasSameBytes(as: other) }

  /// Versions say it; a session without them, from a log of format 1, by the time of its opening.
  @inlinable
  @inline(__always)
  package static func isOutdated(_ facts: SessionFacts, for request: RotationRequest) -> Bool {
    guard facts.subjectVersion != .unknown else { return request.notBefore.map { facts.openedAt < $0 } ?? false }
    if let version = request.subjectVersion, version != facts.subjectVersion { return true }
    guard let version = request.clientVersion, facts.clientVersion != .unknown else { return false }
    return version != facts.clientVersion
  }

  @inlinable
  @inline(__always)
  package static func verdict(
    onConsumed request: RotationRequest, of facts: SessionFacts, at now: Timestamp
  ) -> RotationVerdict {
    let behind = facts.generation - request.token.generation
    let isUnused = behind == 1 && !facts.hasSeenSuccessor
    let isInGrace = isUnused && now < facts.refreshedAt.advanced(byMilliseconds: request.graceMilliseconds)
    let isRace = isUnused && now < facts.refreshedAt.advanced(byMilliseconds: ReuseClass.raceMilliseconds)
    let reuse: ReuseClass = behind > 1 ? .staleLineage : isRace ? .race : isInGrace ? .retry : .lateParent
    guard isInGrace else {
      return .refuseReuse(reuse, generationsBehind: behind, revokes: request.reuse == .revokeSession)
    }
    // Asked for another scope than the lost reply had: refused, but no sign of theft.
    return areSame(facts.narrowedScope, request.narrowedScope)
      ? .retry(reuse) : .refuseReuse(reuse, generationsBehind: behind, revokes: false)
  }
}

/// What a ledger knows of a one-time token when it is presented.
public struct OneTimeFacts: Sendable, Hashable {
  public var purpose: String
  public var isConsumed: Bool
  public var expiresAt: Timestamp

  public init(purpose: String, isConsumed: Bool, expiresAt: Timestamp) {
    self.purpose = purpose
    self.isConsumed = isConsumed
    self.expiresAt = expiresAt
  }
}

/// What is to happen to a presented one-time token.
public enum OneTimeVerdict: Sendable, Hashable {
  case consume
  /// `holdsAfter`: as in ``RotationVerdict/refuse(_:holdsAfter:)``.
  case refuse(OneTimeRefusal, holdsAfter: Timestamp? = nil)
}

extension RotationRule {
  /// The verdict on a one-time token that is presented for a purpose.
  ///
  /// - Parameter facts: nil where the ledger knows no such token.
  public static func verdict(
    onOneTimeTokenFor purpose: String, for facts: OneTimeFacts?, at now: Timestamp
  ) -> OneTimeVerdict {
    guard let facts else { return .refuse(.unknown) }
    guard facts.purpose.hasSameBytes(as: purpose) else { return .refuse(.wrongPurpose) }
    guard !facts.isConsumed else { return .refuse(.alreadyConsumed) }
    guard now < facts.expiresAt else { return .refuse(.expired, holdsAfter: facts.expiresAt) }
    return .consume
  }
}
