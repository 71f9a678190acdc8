import Synchronization
import WriteAheadLog

/// The live sessions and one-time tokens of one log: those that were issued, consumed, and can be rotated.
///
/// Every decision, its mark in memory and its position in the log are one step without suspension in this actor. If
/// several callers present one token at the same time, exactly one succeeds. A call returns only once its outcome,
/// including a refusal, rests on records that are durable by the ledger's `Durability`. After a failed write or sync
/// the ledger refuses all further changes for good; what it acknowledged is on disk.
///
/// A rotation costs one record of about 6 bytes; a session costs 56 bytes and an index entry. No allocation grows with
/// the number of rotations. The ledger's time never stands still and never goes back, whatever the wall clock does.
public actor RefreshLedger {
  var machine: LedgerMachine
  var events: LedgerEventLog
  let log: CommitLog?
  /// The one time of the ledger, its engine and its verifiers.
  package nonisolated let time: LedgerTime
  /// The revocations, which verifiers of access tokens ask from any thread.
  package nonisolated let revocations: Revocations
  /// The watch that verifiers of access tokens inform from any thread.
  package nonisolated let successorWatch: SuccessorWatch

  /// The executor that writes checkpoints, or nil for the default.
  let checkpointExecutor: (any TaskExecutor)?
  /// The checkpoint under way.
  var checkpointing: Checkpointing?
  var isClosing = false
  /// True if a ledger without a log was closed.
  nonisolated let isClosedInMemory = Atomic(false)
  /// The last record that a checkpoint covers.
  var checkpointedSequence: UInt64 = 0
  /// The value of `LogStatistics.bytesWritten` at the last checkpoint; less than 0 for bytes that an earlier opening
  /// wrote.
  var checkpointMark: Int64 = 0

  typealias Checkpointing = Task<Result<CheckpointReport, LogError>, Never>

  package init(
    machine: consuming LedgerMachine, log: CommitLog?, checkpointExecutor: (any TaskExecutor)? = nil,
    recovery: LogRecovery? = nil
  ) {
    time = machine.time
    revocations = machine.revocations
    successorWatch = machine.successorWatch
    self.machine = machine
    events = LedgerEventLog(log)
    self.log = log
    self.checkpointExecutor = checkpointExecutor
    if let recovery {
      checkpointedSequence = recovery.checkpointSequence ?? 0
      checkpointMark = -Int64(clamping: recovery.segmentBytes)
    }
  }
}

// MARK: - Steps, which are decided, applied and staged without suspension, and not reported before they are durable

extension RefreshLedger {
  /// Checks that the log can take a record, before anything has changed.
  func admit() throws(LedgerError) {
    guard let log else {
      if isClosedInMemory.load(ordering: .relaxed) { throw LedgerError(.closed) }
      return
    }
    do { try log.reserve() } catch {
      // Nothing more can come.
      if log.failure != nil { events.subscriptions.finish() }
      throw LedgerError(error)
    }
  }

  package func stageRotation(_ request: RotationRequest) throws(LedgerError) -> Staged<Rotation> {
    try request.validate()
    try admit()
    return machine.rotate(request, into: &events)
  }

  package func stageRotations(_ batch: [RotationRequest]) throws(LedgerError) -> Staged<[Rotation]> {
    try Limits.batch.check("batch", batch.count)
    for request in batch { try request.validate() }
    try admit()
    return machine.rotate(batch, into: &events)
  }

  package func stageOpening(_ grant: SessionGrant) throws(LedgerError) -> Staged<Session> {
    try grant.validate()
    try admit()
    return try machine.open(grant, into: &events)
  }

  package func stageOpenings(_ batch: [SessionGrant]) throws(LedgerError) -> Staged<[Session]> {
    try Limits.batch.check("batch", batch.count)
    for grant in batch { try grant.validate() }
    try admit()
    return try machine.open(batch, into: &events)
  }

  package func stageImport(_ batch: [SessionImport]) throws(LedgerError) -> Staged<[SessionImportOutcome]> {
    try Limits.batch.check("batch", batch.count)
    for item in batch { try item.grant.validate() }
    try admit()
    return try machine.importSessions(batch, into: &events)
  }

  package func stageRevocation(_ session: SessionID) throws(LedgerError) -> Staged<Bool> {
    try admit()
    return machine.revoke(session, into: &events)
  }

  package func stageRevocation(_ scope: SessionScope) throws(LedgerError) -> Staged<Int> {
    try admit()
    return try machine.revoke(scope, into: &events)
  }

  private func stageRevocation(
    of subject: String, notUnder version: AccountVersion, orBefore moment: Timestamp?
  ) throws(LedgerError) -> Staged<[SessionID]> {
    try admit()
    return try machine.revoke(subject: subject, notUnder: version, orBefore: moment, into: &events)
  }

  package func stageAccessRevocation(_ token: TokenID, until end: Timestamp) throws(LedgerError) -> Staged<Void> {
    try admit()
    return machine.revokeAccess(token, until: end, into: &events)
  }

  package func stageIssue(_ grant: OneTimeGrant) throws(LedgerError) -> Staged<SessionID> {
    try grant.validate()
    try admit()
    return try machine.issue(grant, into: &events)
  }

  package func stageConsumption(
    _ id: SessionID, purpose: String
  ) throws(LedgerError) -> Staged<OneTimeConsumption> {
    try admit()
    return machine.consume(id, purpose: purpose, into: &events)
  }

  package func stageCount(_ proof: KeyProof) throws(LedgerError) -> Staged<RotationRefusal?> {
    try admit()
    return machine.count(proof, into: &events)
  }

  /// Checks whether nothing is left to wait for.
  ///
  /// The check comes first, since a call of ``durable(through:deadline:)`` costs a frame of its own.
  @inline(__always)
  package nonisolated func isDurable(through sequence: UInt64) -> Bool {
    guard let log else { return true }
    return log.durableSequence >= sequence
  }

  /// Waits until the sequence is durable by the ledger's `Durability`.
  package nonisolated func durable(
    through sequence: UInt64, deadline: ContinuousClock.Instant? = nil
  ) async throws(LedgerError) {
    guard let log else { return }
    do { try await log.durable(through: sequence, deadline: deadline) } catch { throw LedgerError(error) }
  }
}

// MARK: - Calls of a ledger: a step, followed by the wait until it is durable

extension RefreshLedger: SessionLedger {
  public nonisolated func rotate<Reply: Sendable>(
    _ request: RotationRequest, deadline: ContinuousClock.Instant?, reply: (Rotation, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    let staged = try await stageRotation(request)
    let answer = reply(staged.outcome, staged.moment)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence, deadline: deadline) }
    return answer
  }

  public nonisolated func rotate<Reply: Sendable>(
    _ batch: [RotationRequest], deadline: ContinuousClock.Instant?, reply: ([Rotation], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    let staged = try await stageRotations(batch)
    let answer = reply(staged.outcome, staged.moment)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence, deadline: deadline) }
    return answer
  }

  public nonisolated func open<Reply: Sendable>(
    _ grant: SessionGrant, deadline: ContinuousClock.Instant?, reply: (Session, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    let staged = try await stageOpening(grant)
    let answer = reply(staged.outcome, staged.moment)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence, deadline: deadline) }
    return answer
  }

  public nonisolated func open<Reply: Sendable>(
    _ batch: [SessionGrant], deadline: ContinuousClock.Instant?, reply: ([Session], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    let staged = try await stageOpenings(batch)
    let answer = reply(staged.outcome, staged.moment)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence, deadline: deadline) }
    return answer
  }

  public nonisolated func importSessions<Reply: Sendable>(
    _ batch: [SessionImport], reply: ([SessionImportOutcome], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    let staged = try await stageImport(batch)
    let answer = reply(staged.outcome, staged.moment)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return answer
  }

  public nonisolated func revoke(_ session: SessionID) async throws(LedgerError) -> Bool {
    let staged = try await stageRevocation(session)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }

  /// Revokes the sessions of a scope with one record; see ``SessionLedger/revoke(_:)-(SessionScope)``.
  ///
  /// The sweep frees them in the background.
  ///
  /// The live sessions of a subject are counted in the step that ends them. Those of a client or of all are counted in
  /// steps of their own just before, since one step would hold up every other caller.
  @discardableResult
  public nonisolated func revoke(_ scope: SessionScope) async throws(LedgerError) -> Int {
    try await precheck(scope)
    var count = 0
    var next: Int? = scope.isOfOneSubject ? nil : 0
    while let slot = next {
      let step = await countLive(of: scope, from: slot)
      count += step.count
      next = step.next
    }
    let staged = try await stageRevocation(scope)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return count + staged.outcome
  }

  /// Checks the scope and the log before anything is counted, so that nothing is counted in vain.
  private func precheck(_ scope: SessionScope) throws(LedgerError) {
    try machine.check(scope)
    try admit()
  }

  private func countLive(of scope: SessionScope, from slot: Int) -> (count: Int, next: Int?) {
    machine.countLive(of: scope, from: slot)
  }

  public nonisolated func revoke(
    subject: String, openedUnderOtherThan version: AccountVersion, orBefore moment: Timestamp?
  ) async throws(LedgerError) -> [SessionID] {
    let staged = try await stageRevocation(of: subject, notUnder: version, orBefore: moment)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }

  public nonisolated func revokeAccess(_ token: TokenID, until end: Timestamp) async throws(LedgerError) {
    let staged = try await stageAccessRevocation(token, until: end)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
  }

  /// Issues an access token without a session; see ``SessionLedger/issueAccess(client:)``.
  ///
  /// The call throws if the log is closed, since that log could not revoke the token.
  public func issueAccess(client: String) throws(LedgerError) -> (id: SessionID, moment: LedgerMoment) {
    if let failure = logFailure { throw LedgerError(failure) }
    return machine.issueAccess(client: client)
  }
}
