import WriteAheadLog

/// Decide, apply, stage: one step without suspension, of which nobody may hear before it is durable.
extension RefreshLedger {
  /// Waits until the sequence number is durable, as the ledger's `Durability` says.
  package nonisolated func durable(through sequence: UInt64) async throws(LedgerFailure) {
    guard let log else { return }
    do { try await log.durable(through: sequence) } catch { throw .log(error) }
  }

  package func stageRotation(_ request: RotationRequest) throws(LedgerFailure) -> Staged<Rotation> {
    try check(request)
    let now = try begin()
    let slot = inPlace { $0.table.slot(of: request.token.session) }
    let (outcome, through) = rotate(request, of: slot, at: now)
    return Staged(outcome: outcome, sequence: through, time: now, shift: state.shifts.seconds)
  }

  package func stageRotations(_ batch: [RotationRequest]) throws(LedgerFailure) -> Staged<[Rotation]> {
    try check(batchOf: batch.count)
    for request in batch { try check(request) }
    let now = try begin()
    var through: UInt64 = 0
    var outcomes: [Rotation] = []
    outcomes.reserveCapacity(batch.count)
    // No rotation frees or fills a slot. Looked for one right after another, the processor waits for many of them at a time.
    let slots = inPlace { state in batch.map { state.table.slot(of: $0.token.session) } }
    for (request, slot) in zip(batch, slots) {
      let (outcome, sequence) = rotate(request, of: slot, at: now)
      outcomes.append(outcome)
      through = max(through, sequence)
    }
    return Staged(outcome: outcomes, sequence: through, time: now, shift: state.shifts.seconds)
  }

  /// The outcome, and the record that it rests on.
  private func rotate(
    _ request: RotationRequest, of slot: UInt32?, at now: Timestamp
  ) -> (Rotation, through: UInt64) {
    switch inPlace({ $0.decide(request, of: slot, at: now) }) {
    case .rotate(let slot):
      if let terms = request.terms { record(state.events(moving: slot, to: terms), at: now) }
      if let scope = request.narrowedScope {
        record(state.events(rotating: slot, narrowedTo: scope), at: now)
      } else {
        record(inPlace { $0.rotation(of: slot) }, at: now)
      }
      let session = inPlace { $0.session(at: slot) }
      guard session.rotation == .always else { return (.used(session), sequence) }
      if request.graceMilliseconds > 0 {
        successorWatch.expectUse(until: now.advanced(byMilliseconds: request.graceMilliseconds))
      }
      return (.rotated(session), sequence)
    case .replay(let slot, let reuse):
      // The answer rests on the rotation, not on the note that it was given twice.
      let through = sequence
      record(.replayed(slot: slot, reuse), at: now)
      return (.replayed(state.session(at: slot), reuse), through)
    case .refuseReuse(let slot, let reuse, let behind, let revokes):
      record(.reused(slot: slot, reuse, generationsBehind: behind, revokes: revokes), at: now)
      if revokes { revocations.insert(state.table[slot].id) }
      return (.refused(.reused(reuse, generationsBehind: behind, revokedSession: revokes)), sequence)
    case .endRolledBack(let slot, let ahead):
      revoke(slot, cause: .rollback, at: now)
      return (.refused(.neverIssued(generationsAhead: ahead)), sequence)
    case .endOutdated(let slot, let behind):
      revoke(slot, cause: .requested, at: now)
      return (.refused(.outdated(generationsBehind: behind, revokedSession: true)), sequence)
    case .refuse(let refusal, let provenBy):
      proveTime(provenBy, at: now)
      return (.refused(refusal), sequence)
    }
  }

  package func stageOpening(_ grant: SessionGrant) throws(LedgerFailure) -> Staged<Session> {
    try check(grant)
    let now = try begin()
    return Staged(outcome: try open(grant, at: now), sequence: sequence, time: now, shift: state.shifts.seconds)
  }

  package func stageOpenings(_ batch: [SessionGrant]) throws(LedgerFailure) -> Staged<[Session]> {
    try check(batchOf: batch.count)
    for grant in batch { try check(grant) }
    let now = try begin()
    guard state.table.hasRoom(for: batch.count) else { throw .full }
    var sessions: [Session] = []
    sessions.reserveCapacity(batch.count)
    for grant in batch { sessions.append(try open(grant, at: now)) }
    return Staged(outcome: sessions, sequence: sequence, time: now, shift: state.shifts.seconds)
  }

  /// - Parameter known: the id, which no entry has; nil for a random one.
  func open(_ grant: SessionGrant, as known: SessionID? = nil, at now: Timestamp) throws(LedgerFailure) -> Session {
    let id = known ?? unusedID()
    guard let slot = state.table.nextFree() else { throw .full }
    if sessionsPerSubjectMax > 0 {
      let subjects = state.scopes(meantBy: .subject(grant.subject), otherSpellings)
      for slot in state.evictions(of: subjects, keeping: sessionsPerSubjectMax, at: now) {
        revoke(slot, cause: .evicted, at: now)
      }
    }
    record(inPlace { $0.events(opening: grant, as: id, in: slot) }, at: now)
    wheel.arm(slot, due: inPlace { $0.dueTick(slot) })
    revocations.noteOpening(id, subject: grant.subject, client: grant.client, at: now)
    return inPlace { $0.session(at: slot) }
  }

  /// Reads the state where it is: a plain read of a property so large copies all of it, every table's reference, for the call.
  @inline(__always)
  func inPlace<Outcome>(_ look: (inout LedgerState) -> Outcome) -> Outcome { look(&state) }

  /// Fails before anything has changed if the log cannot take a record; else gives the time of this step.
  func begin() throws(LedgerFailure) -> Timestamp {
    do { try log?.reserve() } catch {
      // Nothing more can come.
      if log?.failure != nil { subscriptions.finish() }
      throw .log(error)
    }
    let now = noteShift(at: now())
    noteUsedSuccessors(at: now)
    if wheel.currentTick < now.tick { sweep(at: now, budget: Self.sweepBudgetPerCall) }
    return now
  }

  /// Closes the grace windows whose successors were seen as access tokens. Nobody waits for that to be durable: it is a step
  /// of its own that happens to be taken now.
  private func noteUsedSuccessors(at now: Timestamp) {
    for token in successorWatch.take() {
      guard let slot = state.table.slot(of: token.session) else { continue }
      let entry = state.table[slot]
      guard entry.status == .live, entry.generation == token.generation, !entry.hasUsedSuccessor,
        now < entry.usedAt.advanced(byMilliseconds: RotationRequest.graceMillisecondsMax)
      else { continue }
      record(.successorUsed(slot: slot), at: now)
    }
  }

  func record(_ events: [LedgerEvent], at time: Timestamp) {
    for event in events { record(event, at: time) }
  }

  func record(_ event: LedgerEvent, at time: Timestamp) {
    sequence += 1
    if !subscriptions.isEmpty, let told = AuditEvent(event, sequence: sequence, time: time, before: state) {
      subscriptions.put(told)
    }
    state.apply(event, at: time)
    log?.stage(sequence: sequence) { payload, startsFrame in
      encoder.encode(event, at: time, into: &payload, startsFrame: startsFrame)
    }
  }

  /// A verdict that rests on `moment` having passed must hold after a restart with the clock set back:
  /// the log is made to know a time that is not before it.
  func proveTime(_ moment: Timestamp?, at now: Timestamp) {
    if let moment, state.highestTime < moment { record(.clockSeen, at: now) }
  }

  /// Never before what the log has seen.
  func now() -> Timestamp { time.now(notBefore: state.highestTime) }

  /// Has the log know how far the wall clock is behind, where that has changed, and gives the time that goes on from there.
  ///
  /// It is later than whatever was issued, and than the change before: which shift a pair was minted under follows from its time alone.
  private func noteShift(at now: Timestamp) -> Timestamp {
    let seconds = time.shift(of: now, inForce: state.shifts.seconds)
    guard seconds != state.shifts.seconds else { return now }
    let latest = max(state.latestIssue, state.shifts.changes.last?.from ?? .zero)
    let start = max(now, latest.advanced(byMilliseconds: 1))
    // Not read anew: after a pause in between, the shift would be too small for it.
    _ = time.now(notBefore: start)
    record(.shifted(seconds: seconds), at: start)
    return start
  }

  /// An id, which no live entry has, and the time and its shift for an access token that has no session: its subject is its client. What is revoked after this step
  /// ends the token, what was revoked before does not.
  package func issueAccess(client: String) -> (id: SessionID, time: Timestamp, shift: Int64) {
    let (id, now) = (unusedID(), now())
    latestAccessIssue = max(latestAccessIssue, now)
    revocations.noteOpening(id, subject: client, client: client, at: now)
    return (id, now, time.shift(of: now, inForce: state.shifts.seconds))
  }

  func unusedID() -> SessionID {
    while true {
      let id = drawID()
      if inPlace({ $0.table.slot(of: id) }) == nil { return id }
    }
  }

  private func drawID() -> SessionID {
    func draw(_ generator: inout some RandomNumberGenerator) -> SessionID { SessionID(from: &generator) }
    return draw(&random)
  }
}
