#if Postgres
/// The step that judges what the fast statement left: the sessions are locked, `RotationRule` judges each request in
/// turn, and what follows is written.
enum SlowRotation {
  struct Presentation: Sendable {
    let request: RotationRequest
    let attempt: Attempt
  }

  /// Judges presentations in their order, in one step; several can be of one session.
  static func run(
    _ presentations: [Presentation], on connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> ([Rotation], LedgerMoment) {
    let ids = Set(presentations.map(\.request.token.session)).sorted()
    var uses = ProofUses(
      presentations.compactMap { presentation in
        presentation.request.proof.map { ProofUses.Use(proof: $0, attempt: presentation.attempt) }
      })
    var step = try LockedStep(
      .ids(ids), reading: uses.queries(connection.setting.time), on: connection, deadline: deadline)
    do { try uses.note(step.read) } catch { throw error.withoutEffect }
    let rotations = presentations.map { step.judge($0, &uses) }
    _ = try step.commit(uses.release)
    return (rotations, step.moment.ledgerMoment)
  }
}

extension LockedStep {
  /// Judges a presentation, and counts its proof if it is granted something.
  fileprivate mutating func judge(
    _ presentation: SlowRotation.Presentation, _ uses: inout ProofUses
  ) -> Rotation {
    let refusal = presentation.request.proof.flatMap { uses.refusal(of: $0, at: moment.now) }
    let rotation = judge(presentation, proofRefusal: refusal)
    if let proof = presentation.request.proof {
      switch rotation {
      case .rotated, .refreshed, .retried: uses.count(proof)
      case .refused: break
      }
    }
    return rotation
  }

  /// Judges a presentation; `proofRefusal` is the reason that its proof does not count, or nil.
  private mutating func judge(
    _ presentation: SlowRotation.Presentation, proofRefusal: RotationRefusal?
  ) -> Rotation {
    let (request, attempt) = (presentation.request, presentation.attempt)
    guard var row = self[request.token.session] else { return .refused(proofRefusal ?? .unknown) }
    if attempt.isRetry, row.attempt == attempt.id, let own = own(row, request) {
      if row.status == .revoked { noteEndBefore(row.id) }
      return own
    }
    if let proofRefusal { return .refused(proofRefusal) }
    noteSuccessor(&row)
    // What was refused as expired once is so for good.
    let now = row.status == .expired ? max(moment.now, row.end) : moment.now
    var judged = request
    if !attempt.mayRevoke { judged.reuse = .refuse }
    let verdict = RotationRule.verdict(on: judged, of: row.facts(marks), at: now)
    return carryOut(verdict, on: row, for: request, attempt: attempt)
  }

  private mutating func carryOut(
    _ verdict: RotationVerdict, on row: SessionRow, for request: RotationRequest, attempt: Attempt
  ) -> Rotation {
    switch verdict {
    case .rotate: return rotate(row, by: request, attempt: attempt.id)
    case .retry(let reuse):
      changes.record(.retried(row.tokenID, subject: row.subject, client: row.client, reuse), at: moment)
      return .retried(row.session(moment.shifts, at: moment.now), reuse)
    case .refuseReuse(let reuse, let behind, let revokes):
      let consumed = TokenID(session: row.id, generation: row.generation - behind)
      changes.record(
        .reused(
          consumed, subject: row.subject, client: row.client, reuse, generationsBehind: behind, revokedSession: revokes),
        at: moment)
      if revokes {
        end(row, attempt: attempt.id)
        changes.revoke(row, at: moment)
      }
      return .refused(.reused(reuse, generationsBehind: behind, revokedSession: revokes))
    case .revokeRolledBack(let ahead):
      if attempt.mayRevoke { revoke(row, cause: .rollback, attempt: attempt.id) }
      return .refused(.neverIssued(generationsAhead: ahead))
    case .revokeOutdated(let behind):
      if attempt.mayRevoke { revoke(row, cause: .requested, attempt: attempt.id) }
      return .refused(.outdated(generationsBehind: behind, revokedSession: attempt.mayRevoke))
    case .refuse(let refusal, _):
      if case .expired = refusal { expire(row) }
      return .refused(refusal)
    }
  }

  private mutating func rotate(_ row: SessionRow, by request: RotationRequest, attempt: Int64) -> Rotation {
    var next = row
    if let terms = request.terms {
      next.terms.lifetimes = terms.lifetimes
      // What its older tokens were is known to whoever holds them.
      if terms.rotation == .always { next.terms.rotation = .always }
    }
    next.generation += 1
    next.refreshedAt = moment.now
    next.narrowedScope = request.narrowedScope
    if next.keys.lifelong == nil { next.keys.ofLastUse = request.proof?.key }
    next.hasSeenSuccessor = false
    next.attempt = attempt
    change(next)
    let session = next.session(moment.shifts, at: moment.now)
    guard next.terms.rotation == .always else {
      changes.record(.refreshed(next.tokenID, subject: next.subject, client: next.client), at: moment)
      return .refreshed(session)
    }
    changes.record(.rotated(next.tokenID, subject: next.subject, client: next.client), at: moment)
    return .rotated(session)
  }

  /// Writes a refusal by the session's own end, so that a primary whose clock is behind revives nothing.
  ///
  /// A refusal by the request's terms alone is the request's, and is not written.
  private mutating func expire(_ row: SessionRow) {
    guard row.status == .live, moment.now >= row.end else { return }
    var expired = row
    (expired.status, expired.endedAt) = (.expired, moment.now)
    change(expired)
  }

  /// Lets what a verifier of this instance has seen count from the next refresh on, also if the feed has not written
  /// it yet.
  private mutating func noteSuccessor(_ row: inout SessionRow) {
    guard !row.hasSeenSuccessor, row.generation > 0, row.status == .live,
      moment.now < row.refreshedAt.advanced(byMilliseconds: RotationRequest.graceMillisecondsMax),
      connection.setting.hooks.isSeen(row.tokenID)
    else { return }
    row.hasSeenSuccessor = true
    change(row)
    changes.record(.successorSeen(row.tokenID, subject: row.subject, client: row.client), at: moment)
  }

  /// Returns what an attempt whose answer was lost did to the session; nil if that is not the last that was done to it.
  private func own(_ row: SessionRow, _ request: RotationRequest) -> Rotation? {
    if marks.covers(row) { return nil }
    let session = row.session(moment.shifts, at: moment.now)
    switch row.status {
    case .live:
      // An attempt leaves its mark on one that goes on by granting alone.
      guard row.terms.rotation == .always else { return .refreshed(session) }
      return row.generation > 0 ? .rotated(session) : nil
    case .revoked:
      // It refused and revoked: the same verdict as then, but for the time that has passed.
      var facts = row.facts(marks)
      facts.isRevoked = false
      switch RotationRule.verdict(on: request, of: facts, at: min(moment.now, row.endedAt ?? moment.now)) {
      case .refuseReuse(let reuse, let behind, true):
        return .refused(.reused(reuse, generationsBehind: behind, revokedSession: true))
      case .revokeRolledBack(let ahead): return .refused(.neverIssued(generationsAhead: ahead))
      case .revokeOutdated(let behind): return .refused(.outdated(generationsBehind: behind, revokedSession: true))
      default: return nil
      }
    case .expired: return nil
    }
  }
}
#endif
