/// The opening, rotation and import of sessions. ``RotationRule`` gives the verdict on a token; it is carried out here.
extension LedgerMachine {
  package mutating func rotate(
    _ request: RotationRequest, into sink: inout some LedgerEventSink
  ) -> Staged<Rotation> {
    let now = begin(into: &sink)
    let slot = state.table.slot(of: request.token.session)
    var through: UInt64 = 0
    let outcome = rotate(request, of: slot, at: now, into: &sink, through: &through)
    return staged(outcome, at: now, through: through)
  }

  package mutating func rotate(
    _ batch: [RotationRequest], into sink: inout some LedgerEventSink
  ) -> Staged<[Rotation]> {
    let now = begin(into: &sink)
    var through: UInt64 = 0
    var outcomes: [Rotation] = []
    outcomes.reserveCapacity(batch.count)
    // A rotation neither frees nor fills a slot. Looking up all slots first lets the processor wait for many of them at
    // a time.
    var slots: [UInt32?] = []
    slots.reserveCapacity(batch.count)
    for request in batch { slots.append(state.table.slot(of: request.token.session)) }
    for (request, slot) in zip(batch, slots) {
      outcomes.append(rotate(request, of: slot, at: now, into: &sink, through: &through))
    }
    return staged(outcomes, at: now, through: through)
  }

  /// Decides on a request and carries out the verdict.
  ///
  /// `through` is raised to the sequence of the event on which the outcome rests.
  private mutating func rotate(
    _ request: RotationRequest, of slot: UInt32?, at now: Timestamp, into sink: inout some LedgerEventSink,
    through: inout UInt64
  ) -> Rotation {
    if let proof = request.proof, let refusal = refusal(of: proof, at: now) {
      through = max(through, sequence)
      return .refused(refusal)
    }
    guard let slot, let facts = state.facts(at: slot) else {
      through = max(through, sequence)
      return .refused(.unknown)
    }
    switch RotationRule.verdict(on: request, of: facts, at: now) {
    case .rotate:
      if let proof = request.proof { record(proof, at: now, into: &sink) }
      if let terms = request.terms { record(state.events(moving: slot, to: terms), at: now, into: &sink) }
      if let scope = request.narrowedScope {
        record(
          state.events(rotating: slot, narrowedTo: scope, provenBy: request.proof?.key), at: now, into: &sink)
      } else {
        record(state.rotation(of: slot, provenBy: request.proof?.key), at: now, into: &sink)
      }
      through = max(through, sequence)
      // `terms` can have changed the rotation policy to `always`, and never changes it back.
      let rotation = state.profiles[state.table[slot].detail]?.terms.rotation
      guard rotation == .always else { return .refreshed(state.session(at: slot)) }
      if request.graceMilliseconds > 0 {
        successorWatch.expectUse(until: now.advanced(byMilliseconds: request.graceMilliseconds))
      }
      return .rotated(state.session(at: slot))
    case .retry(let reuse):
      // The answer rests on the rotation and on the count of its proof, not on the note that it was given twice.
      if let proof = request.proof { record(proof, at: now, into: &sink) }
      through = max(through, sequence)
      record(.retried(slot: slot, reuse), at: now, into: &sink)
      return .retried(state.session(at: slot), reuse)
    case .refuseReuse(let reuse, let behind, let revokes):
      record(.reused(slot: slot, reuse, generationsBehind: behind, revokes: revokes), at: now, into: &sink)
      if revokes { revocations.insert(state.table[slot].id, at: now) }
      through = max(through, sequence)
      return .refused(.reused(reuse, generationsBehind: behind, revokedSession: revokes))
    case .revokeRolledBack(let ahead):
      revoke(slot, cause: .rollback, at: now, into: &sink)
      through = max(through, sequence)
      return .refused(.neverIssued(generationsAhead: ahead))
    case .revokeOutdated(let behind):
      revoke(slot, cause: .requested, at: now, into: &sink)
      through = max(through, sequence)
      return .refused(.outdated(generationsBehind: behind, revokedSession: true))
    case .refuse(let refusal, let holdsAfter):
      proveTime(holdsAfter, at: now, into: &sink)
      through = max(through, sequence)
      return .refused(refusal)
    }
  }

  package mutating func open(
    _ grant: SessionGrant, into sink: inout some LedgerEventSink
  ) throws(LedgerError) -> Staged<Session> {
    let now = begin(into: &sink)
    return staged(try open(grant, at: now, into: &sink), at: now)
  }

  package mutating func open(
    _ batch: [SessionGrant], into sink: inout some LedgerEventSink
  ) throws(LedgerError) -> Staged<[Session]> {
    let now = begin(into: &sink)
    guard state.table.hasRoom(for: batch.count) else { throw .full }
    var sessions: [Session] = []
    sessions.reserveCapacity(batch.count)
    for grant in batch { sessions.append(try open(grant, at: now, into: &sink)) }
    return staged(sessions, at: now)
  }

  package mutating func importSessions(
    _ batch: [SessionImport], into sink: inout some LedgerEventSink
  ) throws(LedgerError) -> Staged<[SessionImportOutcome]> {
    let now = begin(into: &sink)
    guard state.table.hasRoom(for: batch.count) else { throw .full }
    var outcomes: [SessionImportOutcome] = []
    outcomes.reserveCapacity(batch.count)
    for item in batch {
      if let slot = state.table.slot(of: item.id) {
        outcomes.append(.present(state.isUsable(slot, at: now) ? state.session(at: slot) : nil))
      } else {
        outcomes.append(.opened(try open(item.grant, as: item.id, at: now, into: &sink)))
      }
    }
    return staged(outcomes, at: now)
  }

  /// Opens a session under the id `known` or, without one, under that of the grant or a random one.
  ///
  /// An id that an entry has is refused as ``LedgerError/invalid(field:limit:)``, and a session without room for it as
  /// ``LedgerError/full``.
  private mutating func open(
    _ grant: SessionGrant, as known: SessionID? = nil, at now: Timestamp, into sink: inout some LedgerEventSink
  ) throws(LedgerError) -> Session {
    let id: SessionID
    if let known = known ?? grant.id {
      guard state.table.slot(of: known) == nil else {
        throw .invalid(field: "id", limit: "one that no session or one-time token has")
      }
      id = known
    } else {
      id = unusedID()
    }
    guard let slot = state.table.nextFree() else { throw .full }
    if sessionsPerSubjectMax > 0 {
      let subjects = state.scopes(meantBy: .subject(grant.subject), otherSpellings)
      for slot in state.evictions(of: subjects, keeping: sessionsPerSubjectMax, at: now) {
        revoke(slot, cause: .evicted, at: now, into: &sink)
      }
    }
    record(state.events(opening: grant, as: id, in: slot), at: now, into: &sink)
    wheel.arm(slot, due: state.dueTick(slot))
    revocations.noteOpening(id, subject: grant.subject, client: grant.client, at: now)
    return state.session(at: slot)
  }

  /// Issues an access token without a session; see ``SessionLedger/issueAccess(client:)``.
  package mutating func issueAccess(client: String) -> (id: SessionID, moment: LedgerMoment) {
    let (id, now) = (unusedID(), now())
    latestAccessIssue = max(latestAccessIssue, now)
    revocations.noteOpening(id, subject: client, client: client, at: now)
    return (id, LedgerMoment(time: now, shift: time.shift(of: now, inForce: state.shifts.seconds)))
  }
}

/// The counting of proofs.
extension LedgerMachine {
  /// Counts a proof by itself, and returns the reason if it does not count.
  package mutating func count(_ proof: KeyProof, into sink: inout some LedgerEventSink) -> Staged<RotationRefusal?> {
    let now = begin(into: &sink)
    let refusal = refusal(of: proof, at: now)
    if refusal == nil { record(proof, at: now, into: &sink) }
    return staged(refusal, at: now)
  }

  private func refusal(of proof: KeyProof, at now: Timestamp) -> RotationRefusal? {
    let isCounted = state.proofs.end(of: proof.useDigest).map { now < $0 } ?? false
    return RotationRule.refusal(of: proof, isCounted: isCounted, at: now)
  }

  private mutating func record(_ proof: KeyProof, at now: Timestamp, into sink: inout some LedgerEventSink) {
    record(.proofUsed(proof.useDigest, end: proof.rememberedEnd(at: now)), at: now, into: &sink)
  }
}

/// The issuing and consuming of one-time tokens.
extension LedgerMachine {
  package mutating func issue(
    _ grant: OneTimeGrant, into sink: inout some LedgerEventSink
  ) throws(LedgerError) -> Staged<SessionID> {
    let now = begin(into: &sink)
    let id = unusedID()
    guard let slot = state.table.nextFree() else { throw .full }
    record(state.events(issuing: grant, as: id, in: slot, at: now), at: now, into: &sink)
    wheel.arm(slot, due: state.dueTick(slot))
    return staged(id, at: now)
  }

  package mutating func consume(
    _ id: SessionID, purpose: String, into sink: inout some LedgerEventSink
  ) -> Staged<OneTimeConsumption> {
    let now = begin(into: &sink)
    let slot = state.table.slot(of: id)
    let facts = slot.flatMap { state.oneTimeFacts(at: $0) }
    switch RotationRule.verdict(onOneTimeTokenFor: purpose, for: facts, at: now) {
    case .consume:
      guard let slot else { return staged(.refused(.unknown), at: now) }
      let payload = state.payloads[slot] ?? []
      let subject = state.name(state.table[slot].subject)
      record(.oneTimeConsumed(slot: slot), at: now, into: &sink)
      return staged(.consumed(subject: subject, payload: payload), at: now)
    case .refuse(let refusal, let holdsAfter):
      proveTime(holdsAfter, at: now, into: &sink)
      return staged(.refused(refusal), at: now)
    }
  }
}
