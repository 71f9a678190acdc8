public import WriteAheadLog

/// The live sessions and one-time tokens of one log: what was issued, what was consumed, what may be rotated.
///
/// Every decision, its mark in memory and its place in the log's order are one step without suspension in this actor,
/// so of any number of simultaneous presenters of a token one succeeds. A call returns only once its outcome, also a
/// refusal, rests on records that are durable as `Durability` says. After a failed write or sync the ledger refuses
/// all further changes for good; what it acknowledged is on disk.
///
/// Cost: one record of about 6 bytes a rotation; 48 bytes and an index entry a session; no allocation that grows
/// with the number of rotations. Time never goes back: the ledger takes the higher of its clock and of its log.
public actor RefreshLedger {
  private(set) var state: LedgerState
  private var encoder = RecordEncoder()
  private var wheel: TimingWheel
  private var sequence: UInt64
  private var random: any RandomNumberGenerator & Sendable
  private let log: CommitLog?
  private let clock: SessionClock
  private let accessLifetimeMillisecondsMax: Int64

  /// Asked by verifiers of access tokens, from any thread.
  public nonisolated let revokedSessions: RevokedSessions

  /// Slots that one call may free along the way, so that memory is given back without a heartbeat too.
  private static let sweepBudgetPerCall = 64

  init(
    state: LedgerState, sequence: UInt64, log: CommitLog?, clock: SessionClock,
    random: any RandomNumberGenerator & Sendable, options: LedgerOptions
  ) {
    let revoked = RevokedSessions()
    var wheel = TimingWheel(startingAt: state.highestTime.tick)
    for slot in 0..<UInt32(state.table.slotCount) where state.table[slot].status != .free {
      wheel.arm(slot, due: state.dueTick(slot))
      if state.table[slot].status == .revoked {
        let end = state.table[slot].usedAt.advanced(byMilliseconds: options.accessLifetimeMillisecondsMax)
        revoked.insert(state.table[slot].id, until: end)
      }
    }
    self.state = state
    self.wheel = wheel
    self.sequence = sequence
    self.log = log
    self.clock = clock
    self.random = random
    self.accessLifetimeMillisecondsMax = options.accessLifetimeMillisecondsMax
    revokedSessions = revoked
    revoked.forgetEnded(at: max(clock.now(), state.highestTime))
  }
}

// MARK: - The public calls: stage, then wait until durable.

extension RefreshLedger {
  /// Opens a session and makes its generation 0 live.
  public nonisolated func open(_ grant: SessionGrant) async throws(LedgerFailure) -> Session {
    let staged = try await stageOpening(grant)
    try await durable(through: staged.sequence)
    return staged.outcome
  }

  /// Consumes the presented token and makes its successor live, as one record; or says why not.
  public nonisolated func rotate(_ request: RotationRequest) async throws(LedgerFailure) -> Rotation {
    let staged = try await stageRotation(request)
    try await durable(through: staged.sequence)
    return staged.outcome
  }

  /// Ends a session: no token of it is accepted again. Returns whether it was live.
  ///
  /// Access tokens of the session are in ``revokedSessions`` before this returns.
  public nonisolated func revoke(_ session: SessionID) async throws(LedgerFailure) -> Bool {
    let staged = try await stageRevocation(session)
    try await durable(through: staged.sequence)
    return staged.outcome
  }

  /// Issues a one-time token and returns its id.
  ///
  /// The id is no secret: it stands in the log. Hand it out under a signature and present it here only once that is verified.
  public nonisolated func issue(_ grant: OneTimeGrant) async throws(LedgerFailure) -> SessionID {
    let staged = try await stageIssue(grant)
    try await durable(through: staged.sequence)
    return staged.outcome
  }

  /// Consumes a one-time token, once.
  public nonisolated func consume(
    _ id: SessionID, purpose: String
  ) async throws(LedgerFailure) -> OneTimeConsumption {
    let staged = try await stageConsumption(id, purpose: purpose)
    try await durable(through: staged.sequence)
    return staged.outcome
  }

  /// The session if it is live now.
  public func session(_ id: SessionID) -> Session? {
    guard let slot = state.table.slot(of: id), state.table[slot].status == .live,
      now() < state.expiry(of: state.table[slot])
    else { return nil }
    return state.session(at: slot)
  }

  /// Frees every entry whose time has come, in steps between which other calls run. Meant for a heartbeat of a second.
  public nonisolated func sweepExpired() async throws(LedgerFailure) {
    while try await !sweepStep() { await Task.yield() }
  }

  public var statistics: LedgerStatistics {
    LedgerStatistics(
      liveSessions: state.liveSessionCount, entries: state.table.count, sequence: sequence,
      durableSequence: log?.durableSequence ?? sequence, isWritable: log?.failure == nil)
  }

  /// Makes everything staged durable and closes the log cleanly. Every later call fails.
  public nonisolated func close() async throws(LedgerFailure) {
    do { try await log?.close() } catch { throw .log(error) }
  }

  /// The log's figures; nil for a ledger in memory.
  package nonisolated var logStatistics: LogStatistics? { log?.statistics }

  /// Why the log no longer accepts writes; nil while it does.
  public nonisolated var logFailure: LogFailure? { log?.failure }
}

// MARK: - Decide, apply, stage: no suspension between them.

extension RefreshLedger {
  /// Waits until the sequence number is durable, as the ledger's `Durability` says.
  package nonisolated func durable(through sequence: UInt64) async throws(LedgerFailure) {
    guard let log else { return }
    do { try await log.durable(through: sequence) } catch { throw .log(error) }
  }

  package func stageRotation(_ request: RotationRequest) throws(LedgerFailure) -> Staged<Rotation> {
    if let scope = request.narrowedScope { try check("scope", bytes: scope.utf8.count) }
    let now = try begin()
    let outcome: Rotation
    switch state.decide(request, at: now) {
    case .rotate(let slot):
      if let scope = request.narrowedScope {
        for event in state.events(rotating: slot, narrowedTo: scope) { record(event, at: now) }
      } else {
        record(state.rotation(of: slot), at: now)
      }
      outcome = .rotated(state.session(at: slot))
    case .replay(let slot):
      outcome = .replayed(state.session(at: slot))
    case .revoke(let slot, let generationsBehind):
      revoke(slot, cause: .reuse, at: now)
      outcome = .refused(.reused(generationsBehind: generationsBehind, revokedSession: true))
    case .refuse(let refusal, let provenBy):
      proveTime(provenBy, at: now)
      outcome = .refused(refusal)
    }
    return Staged(outcome: outcome, sequence: sequence)
  }

  package func stageOpening(_ grant: SessionGrant) throws(LedgerFailure) -> Staged<Session> {
    try check("subject", bytes: grant.subject.utf8.count)
    try check("client", bytes: grant.client.utf8.count)
    try check("scope", bytes: grant.scope.utf8.count)
    let now = try begin()
    let id = unusedID()
    let events = try state.events(opening: grant, as: id)
    for event in events { record(event, at: now) }
    guard let slot = state.table.slot(of: id) else { throw .full }
    wheel.arm(slot, due: state.dueTick(slot))
    return Staged(outcome: state.session(at: slot), sequence: sequence)
  }

  package func stageRevocation(_ session: SessionID) throws(LedgerFailure) -> Staged<Bool> {
    let now = try begin()
    guard let slot = state.table.slot(of: session), state.table[slot].status == .live else {
      return Staged(outcome: false, sequence: sequence)
    }
    revoke(slot, cause: .requested, at: now)
    return Staged(outcome: true, sequence: sequence)
  }

  package func stageIssue(_ grant: OneTimeGrant) throws(LedgerFailure) -> Staged<SessionID> {
    try check("subject", bytes: grant.subject.utf8.count)
    try check("purpose", bytes: grant.purpose.utf8.count, from: 1, max: OneTimeGrant.purposeBytesMax)
    try check("payload", bytes: grant.payload.count, max: OneTimeGrant.payloadBytesMax)
    guard (1...Lifetimes.millisecondsMax).contains(grant.lifetimeMilliseconds) else {
      throw .invalid(field: "lifetime", limit: "from 1 ms to 100 years")
    }
    let now = try begin()
    let id = unusedID()
    let events = try state.events(issuing: grant, as: id, at: now)
    for event in events { record(event, at: now) }
    guard let slot = state.table.slot(of: id) else { throw .full }
    wheel.arm(slot, due: state.dueTick(slot))
    return Staged(outcome: id, sequence: sequence)
  }

  package func stageConsumption(
    _ id: SessionID, purpose: String
  ) throws(LedgerFailure) -> Staged<OneTimeConsumption> {
    let now = try begin()
    switch state.decide(consuming: id, purpose: purpose, at: now) {
    case .consume(let slot):
      let payload = state.payloads[slot] ?? []
      let subject = state.names[state.table[slot].subject] ?? ""
      record(.oneTimeConsumed(slot: slot), at: now)
      return Staged(outcome: .consumed(subject: subject, payload: payload), sequence: sequence)
    case .refuse(let refusal, let provenBy):
      proveTime(provenBy, at: now)
      return Staged(outcome: .refused(refusal), sequence: sequence)
    }
  }

  /// Fails before anything has changed if the log cannot take a record; else gives the time of this step.
  private func begin() throws(LedgerFailure) -> Timestamp {
    do { try log?.reserve() } catch { throw .log(error) }
    let now = now()
    if wheel.currentTick < now.tick { sweep(at: now, budget: Self.sweepBudgetPerCall) }
    return now
  }

  private func record(_ event: LedgerEvent, at time: Timestamp) {
    state.apply(event, at: time)
    sequence += 1
    log?.stage(sequence: sequence) { payload, startsFrame in
      encoder.encode(event, at: time, into: &payload, startsFrame: startsFrame)
    }
  }

  private func revoke(_ slot: UInt32, cause: RevocationCause, at now: Timestamp) {
    record(.revoked(slot: slot, cause: cause), at: now)
    revokedSessions.insert(state.table[slot].id, until: now.advanced(byMilliseconds: accessLifetimeMillisecondsMax))
  }

  /// A verdict that rests on `moment` having passed must hold after a restart with the clock set back:
  /// the log is made to know a time that is not before it.
  private func proveTime(_ moment: Timestamp?, at now: Timestamp) {
    if let moment, state.highestTime < moment { record(.clockSeen, at: now) }
  }

  private func now() -> Timestamp {
    let reading = clock.now()
    return max(Timestamp(milliseconds: min(reading.milliseconds, Timestamp.latestMilliseconds)), state.highestTime)
  }

  private func unusedID() -> SessionID {
    while true {
      let id = drawID()
      if state.table.slot(of: id) == nil { return id }
    }
  }

  private func drawID() -> SessionID {
    func draw(_ generator: inout some RandomNumberGenerator) -> SessionID { SessionID(from: &generator) }
    return draw(&random)
  }

  private func check(
    _ field: String, bytes: Int, from min: Int = 0, max: Int = SessionGrant.textBytesMax
  ) throws(LedgerFailure) {
    guard bytes >= min, bytes <= max else { throw .invalid(field: field, limit: "\(min) to \(max) bytes") }
  }
}

// MARK: - Giving memory back.

extension RefreshLedger {
  private func sweepStep() throws(LedgerFailure) -> Bool {
    do { try log?.reserve() } catch { throw .log(error) }
    let now = now()
    revokedSessions.forgetEnded(at: now)
    return sweep(at: now, budget: 4096)
  }

  @discardableResult
  private func sweep(at now: Timestamp, budget: Int) -> Bool {
    var ended: [UInt32] = []
    let caughtUp = wheel.advance(
      to: now.tick, budget: budget, due: { state.dueTick($0) }, fire: { ended.append($0) })
    var rest = ended[...]
    while !rest.isEmpty {
      record(.expired(slots: Array(rest.prefix(RecordEncoder.expiredSlotsMax))), at: now)
      rest = rest.dropFirst(RecordEncoder.expiredSlotsMax)
    }
    return caughtUp
  }
}

extension Timestamp {
  /// The last tick of the wheel that has passed at this moment.
  fileprivate var tick: UInt64 { UInt64(max(0, seconds)) }
}

extension LedgerState {
  /// The first tick at which the entry has ended.
  fileprivate func dueTick(_ slot: UInt32) -> UInt64 {
    UInt64(max(0, expiry(of: table[slot]).secondsRoundedUp))
  }
}
