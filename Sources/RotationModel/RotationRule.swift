internal import Platform

/// The facts that a ledger knows of a session when one of its refresh tokens is presented: the whole input of the rule.
public struct SessionFacts: Sendable, Hashable {
  public var client: String
  /// The generation of the live refresh token.
  public var generation: UInt32
  /// True if the session was revoked: by itself, by a wide revocation, or because of a reuse.
  public var isRevoked: Bool
  /// True if the live generation was seen as an access token, after which its predecessor is no longer answered.
  public var hasSeenSuccessor: Bool
  public var terms: SessionTerms
  public var openedAt: Timestamp
  /// The time at which the live token was issued.
  public var refreshedAt: Timestamp
  /// The scope that the live access token was narrowed to, or nil for the whole granted scope.
  public var narrowedScope: String?
  /// The version of the subject's account under which the session was opened.
  public var subjectVersion: AccountVersion
  /// The version of the client's account under which the session was opened.
  public var clientVersion: AccountVersion
  /// The keys that the session and its live access token are bound to.
  public var keys: SessionKeys

  @inlinable
  public init(
    client: String, generation: UInt32, isRevoked: Bool, hasSeenSuccessor: Bool, terms: SessionTerms,
    openedAt: Timestamp, refreshedAt: Timestamp, narrowedScope: String?, subjectVersion: AccountVersion,
    clientVersion: AccountVersion, keys: SessionKeys = SessionKeys()
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
    self.keys = keys
  }
}

/// The outcome for a presented refresh token and its session.
public enum RotationVerdict: Sendable, Hashable {
  /// Consume the token and make its successor live.
  case rotate
  /// Answer the successor once more.
  case retry(ReuseClass)
  /// Refuse the token, and revoke its session in the same step if `revokes` is true.
  case refuseReuse(ReuseClass, generationsBehind: UInt32, revokes: Bool)
  /// Refuse the token and revoke its session: the token proves that the ledger is older than a state it has served.
  case revokeRolledBack(generationsAhead: UInt32)
  /// Refuse the token and revoke its session, which was opened under another version of an account than the request
  /// demands.
  case revokeOutdated(generationsBehind: UInt32)
  /// Refuse the token and change nothing.
  ///
  /// `holdsAfter` is the moment that must have passed for the verdict to hold, and that the ledger must still know
  /// after a restart; nil if the verdict does not depend on time.
  case refuse(RotationRefusal, holdsAfter: Timestamp? = nil)
}

/// The rule of refresh-token rotation (RFC 9700 §4.14.2), which all ledgers share.
///
/// The rule is a pure function of the facts that the ledger knows of the session at one moment. The ledger must carry
/// out the verdict before it judges another request on the same session.
public enum RotationRule {
  /// Returns the verdict on a presented refresh token.
  ///
  /// A proof that does not count is reported before anything about the token, a wrong client id and then a wrong key
  /// before anything about the token's age. None of these consumes or revokes.
  ///
  /// - Parameters:
  ///   - request: The presentation of the token.
  ///   - facts: The facts of the token's session, or nil if the ledger never had the session or has forgotten it.
  ///   - now: The ledger's time.
  ///   - isProofCounted: True if the ledger has counted the request's proof before.
  /// - Returns: The verdict, which refuses the token as unknown if there are no facts.
  public static func verdict(
    on request: RotationRequest, for facts: SessionFacts?, at now: Timestamp, isProofCounted: Bool = false
  ) -> RotationVerdict {
    if let proof = request.proof, let refusal = refusal(of: proof, isCounted: isProofCounted, at: now) {
      return .refuse(refusal)
    }
    guard let facts else { return .refuse(.unknown) }
    return verdict(on: request, of: facts, at: now)
  }

  /// Returns the reason that a proof does not count, or nil if it does.
  ///
  /// A proof counts once (RFC 9449 §11.1). A ledger may forget a use at the proof's end, so a proof whose end has come
  /// is refused whatever the ledger knows.
  public static func refusal(of proof: KeyProof, isCounted: Bool, at now: Timestamp) -> RotationRefusal? {
    guard !isCounted else { return .replayedProof }
    return now < proof.end ? nil : .lateProof
  }

  /// Returns the verdict for a session that the ledger has, on a request whose proof counts.
  ///
  /// The function is inlined, so that the facts need not be assembled in memory.
  @inlinable
  @inline(__always)
  package static func verdict(
    on request: RotationRequest, of facts: SessionFacts, at now: Timestamp
  ) -> RotationVerdict {
    guard areSame(facts.client, request.client) else { return .refuse(.wrongClient) }
    if let key = facts.keys.lifelong {
      guard let proof = request.proof else { return .refuse(.missingKey) }
      guard proof.key == key else { return .refuse(.otherKey) }
    }
    let presented = request.token.generation
    let live = facts.terms.rotation == .never ? 0 : facts.generation
    // A consumed token goes on to be recognised as reuse.
    if request.needsBoundSession, facts.keys.lifelong == nil, presented >= live { return .refuse(.missingKey) }
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
    // We signed the token, yet the ledger does not know it: the ledger was restored from an older copy, or was not
    // synced before a power failure. The token that is live here was consumed before that.
    guard presented <= live else { return .revokeRolledBack(generationsAhead: presented - live) }
    guard presented < live else {
      // After 2^32 - 1 rotations the session has no number left for a successor.
      return facts.generation == .max ? .refuse(.expired(generationsBehind: 0)) : .rotate
    }
    return verdict(onConsumed: request, of: facts, at: now)
  }

  @usableFromInline
  package static func areSame(_ name: String, _ other: String) -> Bool { name.hasSameBytes(as: other) }

  @usableFromInline
  package static func areSame(_ name: String?, _ other: String?) -> Bool { name.hasSameBytes(as: other) }

  /// Checks whether the session is outdated: by its versions, or, for a session without them from a log of format 1, by
  /// the time of its opening.
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
    // A retry that asks for another scope than the lost reply had, or proves another key, is refused, but is no sign of
    // theft: what it is answered is the session's and not its own.
    return areSame(facts.narrowedScope, request.narrowedScope) && facts.keys.ofAccess == request.proof?.key
      ? .retry(reuse) : .refuseReuse(reuse, generationsBehind: behind, revokes: false)
  }
}

/// The facts that a ledger knows of a one-time token when it is presented.
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

/// The outcome for a presented one-time token.
public enum OneTimeVerdict: Sendable, Hashable {
  case consume
  /// Refuse the token and change nothing; for `holdsAfter` see ``RotationVerdict/refuse(_:holdsAfter:)``.
  case refuse(OneTimeRefusal, holdsAfter: Timestamp? = nil)
}

extension RotationRule {
  /// Returns the verdict on a one-time token that is presented for a purpose.
  ///
  /// - Parameters:
  ///   - purpose: The purpose for which the token is presented.
  ///   - facts: The facts of the token, or nil if the ledger knows no such token.
  ///   - now: The ledger's time.
  /// - Returns: The verdict. Of several reasons to refuse, the first counts: unknown, another purpose, consumed,
  ///   expired.
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
