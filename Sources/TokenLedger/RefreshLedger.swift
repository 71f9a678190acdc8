public import WriteAheadLog

/// The live sessions and one-time tokens of one log: what was issued, what was consumed, what may be rotated.
///
/// Every decision, its mark in memory and its place in the log's order are one step without suspension in this actor,
/// so of any number of simultaneous presenters of a token one succeeds. A call returns only once its outcome, also a
/// refusal, rests on records that are durable as `Durability` says. After a failed write or sync the ledger refuses
/// all further changes for good; what it acknowledged is on disk.
///
/// Cost: one record of about 6 bytes a rotation; 48 bytes and an index entry a session; no allocation that grows
/// with the number of rotations. Time never stands still and never goes back, whatever the wall clock does.
public actor RefreshLedger {
  package var state: LedgerState
  var encoder = RecordEncoder()
  var wheel: TimingWheel
  var sequence: UInt64
  var random: any RandomNumberGenerator & Sendable
  let log: CommitLog?
  /// The one time of the ledger, its engine and its verifiers.
  package nonisolated let time: LedgerTime
  /// Where checkpoints are written; nil for the default.
  let checkpointExecutor: (any TaskExecutor)?
  /// The checkpoint under way.
  var checkpointing: Checkpointing?
  var isClosing = false
  /// The last record that a checkpoint covers.
  var checkpointedSequence: UInt64 = 0
  /// What `LogStatistics.bytesWritten` said at the last checkpoint; less than 0 for what an earlier opening wrote.
  var checkpointMark: Int64 = 0

  /// How many sessions a subject may have at a time; 0 for any number.
  let sessionsPerSubjectMax: Int
  /// What the log that was opened holds of names that are not in NFC.
  let otherSpellings: OtherSpellings
  /// Sweeps after wide revocations that are not done yet.
  var markSweeps: [MarkSweep] = []
  /// Who is told of events.
  var subscriptions = AuditSubscriptions()
  /// When ended marks and revoked access tokens are next looked for.
  var nextPruning = Timestamp.zero
  /// When the last access token without a session was issued: a mark is later.
  var latestAccessIssue = Timestamp.zero

  /// Asked by verifiers of access tokens, from any thread.
  public nonisolated let revocations = Revocations()
  /// Told by verifiers of access tokens, from any thread.
  public nonisolated let successorWatch: SuccessorWatch

  typealias Checkpointing = Task<Result<CheckpointReport, LedgerFailure>, Never>

  /// Slots that one call may free along the way, so that memory is given back without a heartbeat too.
  static let sweepBudgetPerCall = 64

  package init(
    state: LedgerState, sequence: UInt64, log: CommitLog?, clock: SessionClock,
    random: any RandomNumberGenerator & Sendable, sessionsPerSubjectMax: Int = 0,
    checkpointExecutor: (any TaskExecutor)? = nil, recovery: LogRecovery? = nil
  ) {
    var wheel = TimingWheel(startingAt: state.highestTime.tick)
    for slot in 0..<UInt32(state.table.slotCount) where state.table[slot].status != .free {
      wheel.arm(slot, due: state.dueTick(slot))
    }
    revocations.fill(from: state)
    otherSpellings = OtherSpellings(in: state)
    self.state = state
    self.wheel = wheel
    self.sequence = sequence
    self.log = log
    time = LedgerTime(clock, notBefore: state.highestTime)
    self.random = random
    self.sessionsPerSubjectMax = sessionsPerSubjectMax
    self.checkpointExecutor = checkpointExecutor
    if let recovery {
      checkpointedSequence = recovery.checkpointSequence ?? 0
      checkpointMark = -Int64(clamping: recovery.segmentBytes)
    }
    successorWatch = SuccessorWatch(
      openUntil: state.highestTime.advanced(byMilliseconds: RotationRequest.graceMillisecondsMax))
    if !state.marks.isEmpty { markSweeps = [.slots(from: 0)] }
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

  /// Consumes the presented tokens, each as ``rotate(_:)`` would and in their order, in one step and with one commit for all.
  ///
  /// - Parameter batch: at most ``batchMax``.
  /// - Throws: `LedgerFailure.invalid` if one of them is outside its limits; then none was consumed.
  public nonisolated func rotate(_ batch: [RotationRequest]) async throws(LedgerFailure) -> [Rotation] {
    let staged = try await stageRotations(batch)
    try await durable(through: staged.sequence)
    return staged.outcome
  }

  /// Opens sessions, in their order, in one step and with one commit for all; the limits of ``rotate(_:)-([RotationRequest])``.
  public nonisolated func open(_ batch: [SessionGrant]) async throws(LedgerFailure) -> [Session] {
    let staged = try await stageOpenings(batch)
    try await durable(through: staged.sequence)
    return staged.outcome
  }

  /// The most in one batch: its step takes some milliseconds, in which other callers wait.
  public static let batchMax = 4096

  /// Ends a session: no token of it is accepted again. Returns whether it was live.
  ///
  /// Access tokens of the session are in ``revocations`` before this returns.
  public nonisolated func revoke(_ session: SessionID) async throws(LedgerFailure) -> Bool {
    let staged = try await stageRevocation(session)
    try await durable(through: staged.sequence)
    return staged.outcome
  }

  /// Ends every session that was opened before this moment and is the scope's, and every access token of them.
  ///
  /// One record and no look at any session, however many there are; the sweep frees them in the background. Sessions that are opened
  /// from now on are not concerned, also in the same millisecond. One-time tokens are not.
  public nonisolated func revoke(_ scope: SessionScope) async throws(LedgerFailure) {
    let staged = try await stageRevocation(scope)
    try await durable(through: staged.sequence)
  }

  /// Has one access token refused until its end; its session goes on.
  ///
  /// - Parameter end: of the token; at most ``Lifetimes/accessMillisecondsMax`` from now are remembered.
  public nonisolated func revokeAccess(_ token: TokenID, until end: Timestamp) async throws(LedgerFailure) {
    let staged = try await stageAccessRevocation(token, until: end)
    try await durable(through: staged.sequence)
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

  /// Frees every entry whose time has come, in steps between which other calls run. Meant for a heartbeat of a second:
  /// it also notices when the disk has not answered for ``stallSeconds``, and has the log know the time, once a minute and, while the wall clock
  /// is behind it, each second.
  public nonisolated func sweepExpired() async throws(LedgerFailure) {
    log?.noteStall(limit: .seconds(Self.stallSeconds))
    while try await !sweepStep() {
      log?.noteStall(limit: .seconds(Self.stallSeconds))
      await Task.yield()
    }
  }

  public var statistics: LedgerStatistics {
    LedgerStatistics(
      liveSessions: state.liveSessionCount, entries: state.table.count, sequence: sequence,
      durableSequence: log?.durableSequence ?? sequence, logBytes: bytesSinceCheckpoint,
      clockShiftSeconds: state.shifts.seconds, isWritable: log?.failure == nil)
  }

  /// Makes everything staged durable and closes the log cleanly. Every later call fails. A checkpoint that is under way
  /// is given up.
  public nonisolated func close() async throws(LedgerFailure) {
    await stopCheckpoints()
    await noteClosingTime()
    try await finish()
  }

  /// The same for whoever has told nobody anything that rests on the time: the log has no further record by it.
  package nonisolated func closeUnserved() async throws(LedgerFailure) {
    await stopCheckpoints()
    try await finish()
  }

  private nonisolated func finish() async throws(LedgerFailure) {
    let result: Result<Void, LogFailure>
    do { result = .success(try await log?.close() ?? ()) } catch { result = .failure(error) }
    await endSubscriptions()
    do { try result.get() } catch { throw .log(error) }
  }

  private func endSubscriptions() { subscriptions.finish() }

  /// The next opening goes on from here, also where the wall clock is behind then. What a log that takes no more records cannot say is left.
  private func noteClosingTime() {
    guard log?.failure == nil, let now = try? begin() else { return }
    if state.highestTime < now { record(.clockSeen, at: now) }
  }

  /// The log's figures; nil for a ledger in memory.
  package nonisolated var logStatistics: LogStatistics? { log?.statistics }

  /// A commit that takes as long makes the heartbeat refuse all further changes, as `LogFailure.overloaded`, until it ends.
  public static let stallSeconds = 5

  /// Whether the heartbeat found the disk not answering.
  public nonisolated var isStalled: Bool { log?.isStalled ?? false }

  /// Why the log no longer accepts writes; nil while it does.
  public nonisolated var logFailure: LogFailure? { log?.failure }
}
