internal import RotationModel

/// The steps of the ledger. ``RotationRule`` gives the verdict on a token; it is carried out here.
extension SessionDictionary {
  mutating func rotate(_ request: RotationRequest) -> Decided<Rotation> {
    let now = begin()
    let (outcome, through) = rotate(request, at: now)
    return decided(outcome, at: now, through: through)
  }

  mutating func rotate(_ batch: [RotationRequest]) -> Decided<[Rotation]> {
    let now = begin()
    var (outcomes, through): ([Rotation], UInt64) = ([], 0)
    for request in batch {
      let (outcome, sequence) = rotate(request, at: now)
      outcomes.append(outcome)
      through = max(through, sequence)
    }
    return decided(outcomes, at: now, through: through)
  }

  /// Returns the outcome, and the event on which it rests.
  private mutating func rotate(_ request: RotationRequest, at now: Timestamp) -> (Rotation, through: UInt64) {
    let id = request.token.session
    let verdict = RotationRule.verdict(
      on: request, for: sessions[id].map { facts(of: $0) }, at: now,
      isProofCounted: request.proof.map { isCounted($0, at: now) } ?? false)
    if case .refuse(let refusal, _) = verdict { return (.refused(refusal), sequence) }
    guard let entry = sessions[id] else { preconditionFailure("the rule did more than refuse an unknown session") }
    let (subject, client) = (entry.grant.subject, entry.grant.client)
    let live = TokenID(session: id, generation: entry.generation)
    switch verdict {
    case .rotate:
      if let proof = request.proof { note(proof, at: now) }
      return (rotate(id, entry, by: request, at: now), sequence)
    case .retry(let reuse):
      // The answer rests on the rotation and on the count of its proof, not on the note that it was given twice.
      if let proof = request.proof { note(proof, at: now) }
      let through = sequence
      record(.retried(live, subject: subject, client: client, reuse), at: now)
      latestIssue = now
      return (.retried(session(id, entry), reuse), through)
    case .refuseReuse(let reuse, let behind, let revokes):
      let consumed = TokenID(session: id, generation: entry.generation - behind)
      record(
        .reused(
          consumed, subject: subject, client: client, reuse, generationsBehind: behind, revokedSession: revokes),
        at: now)
      if revokes { end(id, at: now) }
      return (.refused(.reused(reuse, generationsBehind: behind, revokedSession: revokes)), sequence)
    case .revokeRolledBack(let ahead):
      revoke(id, entry, cause: .rollback, at: now)
      return (.refused(.neverIssued(generationsAhead: ahead)), sequence)
    case .revokeOutdated(let behind):
      revoke(id, entry, cause: .requested, at: now)
      return (.refused(.outdated(generationsBehind: behind, revokedSession: true)), sequence)
    case .refuse(let refusal, _):
      return (.refused(refusal), sequence)
    }
  }

  private mutating func rotate(
    _ id: SessionID, _ entry: Entry, by request: RotationRequest, at now: Timestamp
  ) -> Rotation {
    var next = entry
    if let terms = request.terms {
      next.grant.terms.lifetimes = terms.lifetimes
      // A session never goes back to `never`, since the holders of its older tokens know them.
      if terms.rotation == .always { next.grant.terms.rotation = .always }
    }
    next.generation += 1
    next.refreshedAt = now
    next.narrowedScope = request.narrowedScope
    if next.grant.keys.lifelong == nil { next.grant.keys.ofLastUse = request.proof?.key }
    next.hasSeenSuccessor = false
    sessions[id] = next
    latestIssue = now
    let token = TokenID(session: id, generation: next.generation)
    let (subject, client) = (next.grant.subject, next.grant.client)
    guard next.grant.terms.rotation == .always else {
      record(.refreshed(token, subject: subject, client: client), at: now)
      return .refreshed(session(id, next))
    }
    record(.rotated(token, subject: subject, client: client), at: now)
    if request.graceMilliseconds > 0 {
      windowsOpenUntil = max(windowsOpenUntil, now.advanced(byMilliseconds: request.graceMilliseconds))
    }
    return .rotated(session(id, next))
  }

  mutating func open(_ batch: [SessionGrant]) -> Decided<[Session]> {
    let now = begin()
    var sessions: [Session] = []
    for grant in batch { sessions.append(open(grant, at: now)) }
    return decided(sessions, at: now)
  }

  mutating func importSessions(_ batch: [SessionImport]) -> Decided<[SessionImportOutcome]> {
    let now = begin()
    var outcomes: [SessionImportOutcome] = []
    for item in batch {
      if let entry = sessions[item.id] {
        outcomes.append(.present(isUsable(entry, at: now) ? session(item.id, entry) : nil))
      } else if oneTimeTokens[item.id] != nil {
        outcomes.append(.present(nil))
      } else {
        outcomes.append(.opened(open(item.grant, as: item.id, at: now)))
      }
    }
    return decided(outcomes, at: now)
  }

  private mutating func open(_ grant: SessionGrant, as known: SessionID? = nil, at now: Timestamp) -> Session {
    if sessionsPerSubjectMax > 0 {
      let live = usable(in: .subject(grant.subject), at: now)
      let byUse = live.sorted { ($0.entry.refreshedAt, $0.entry.number) < ($1.entry.refreshedAt, $1.entry.number) }
      for (id, entry) in byUse.prefix(max(0, live.count - sessionsPerSubjectMax + 1)) {
        revoke(id, entry, cause: .evicted, at: now)
      }
    }
    let (id, number) = number(known ?? grant.id)
    let entry = Entry(grant: grant, number: number, openedAt: now, refreshedAt: now)
    sessions[id] = entry
    latestIssue = now
    record(
      .opened(
        TokenID(session: id, generation: 0), subject: grant.subject, client: grant.client, scope: grant.scope,
        label: grant.label),
      at: now)
    return session(id, entry)
  }

  mutating func issueAccess() -> (id: SessionID, moment: LedgerMoment) {
    let now = time.now()
    latestAccessIssue = now
    return (number().id, LedgerMoment(time: now, shift: time.shift(of: now, inForce: shifts.seconds)))
  }
}

// MARK: - Proofs of keys

extension SessionDictionary {
  mutating func count(_ proof: KeyProof) -> Decided<RotationRefusal?> {
    let now = begin()
    let refusal = RotationRule.refusal(of: proof, isCounted: isCounted(proof, at: now), at: now)
    if refusal == nil { note(proof, at: now) }
    return decided(refusal, at: now)
  }

  private func isCounted(_ proof: KeyProof, at now: Timestamp) -> Bool {
    proofs[proof.useDigest].map { now < $0 } ?? false
  }

  private mutating func note(_ proof: KeyProof, at now: Timestamp) {
    proofs[proof.useDigest] = proof.rememberedEnd(at: now)
    record(nil, at: now)
  }
}

// MARK: - One-time tokens

extension SessionDictionary {
  mutating func issue(_ grant: OneTimeGrant) -> Decided<SessionID> {
    let now = begin()
    let (id, _) = number()
    oneTimeTokens[id] = OneTimeEntry(
      grant: grant, expiresAt: now.advanced(byMilliseconds: grant.lifetimeMilliseconds))
    record(.oneTimeIssued(id, subject: grant.subject, purpose: grant.purpose), at: now)
    return decided(id, at: now)
  }

  mutating func consume(_ id: SessionID, purpose: String) -> Decided<OneTimeConsumption> {
    let now = begin()
    let entry = oneTimeTokens[id]
    let facts = entry.map {
      OneTimeFacts(purpose: $0.grant.purpose, isConsumed: $0.isConsumed, expiresAt: $0.expiresAt)
    }
    switch (RotationRule.verdict(onOneTimeTokenFor: purpose, for: facts, at: now), entry) {
    case (.consume, let entry?):
      oneTimeTokens[id]?.isConsumed = true
      record(.oneTimeConsumed(id, subject: entry.grant.subject, purpose: purpose), at: now)
      return decided(.consumed(subject: entry.grant.subject, payload: entry.grant.payload), at: now)
    case (.refuse(let refusal, _), _):
      return decided(.refused(refusal), at: now)
    case (.consume, nil):
      preconditionFailure("the rule consumed an unknown token")
    }
  }
}

// MARK: - Revocation

extension SessionDictionary {
  mutating func revoke(_ id: SessionID) -> Decided<Bool> {
    let now = begin()
    guard let entry = sessions[id], isUsable(entry, at: now) else { return decided(false, at: now) }
    revoke(id, entry, cause: .requested, at: now)
    return decided(true, at: now)
  }

  private mutating func revoke(_ id: SessionID, _ entry: Entry, cause: RevocationCause, at now: Timestamp) {
    record(.revoked(id, subject: entry.grant.subject, client: entry.grant.client, cause), at: now)
    end(id, at: now)
  }

  private mutating func end(_ id: SessionID, at now: Timestamp) {
    sessions[id]?.isRevoked = true
    sessions[id]?.refreshedAt = now
    revokedSessions.insert(id)
  }

  mutating func revoke(_ scope: SessionScope) -> Decided<Int> {
    let start = begin()
    let count = usable(in: scope, at: start).count
    // The mark is after everything that was issued so far: a token of a forgotten session states only the second of its
    // issue.
    let issued = max(latestIssue, latestAccessIssue)
    let now = time.now(notBefore: max(start, issued.advanced(byMilliseconds: 1)))
    marks[scope] = Mark(openings: lastOpening, time: now)
    record(.revokedAll(scope), at: now)
    return decided(count, at: now)
  }

  mutating func revoke(
    subject: String, openedUnderOtherThan version: AccountVersion, orBefore moment: Timestamp?
  ) -> Decided<[SessionID]> {
    let now = begin()
    let outdated = usable(in: .subject(subject), at: now).filter { _, entry in
      guard entry.grant.subjectVersion == .unknown else { return entry.grant.subjectVersion != version }
      return moment.map { entry.openedAt < $0 } ?? false
    }
    for (id, entry) in outdated { revoke(id, entry, cause: .requested, at: now) }
    return decided(outdated.map(\.id), at: now)
  }

  mutating func revokeAccess(_ token: TokenID, until end: Timestamp) -> Decided<Void> {
    let now = begin()
    let end = min(end, now.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax))
    if end > now, end > revokedTokens[token] ?? .zero {
      revokedTokens[token] = end
      record(.accessRevoked(token, until: end.shifted(back: shifts.seconds)), at: now)
    }
    return decided((), at: now)
  }
}
