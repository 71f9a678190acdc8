import LedgerTesting
import TokenLedger
import WriteAheadLog

/// The sessions and one-time tokens that a script has made, over all openings of its ledger.
struct ScriptMemory {
  var sessions: [(id: SessionID, generation: UInt32)] = []
  var tokens: [SessionID] = []
}

/// A ledger on a disk in memory, driven commit by commit: what is staged together becomes one frame.
final class SteppedLedger {
  let executor: SteppedExecutor
  let ledger: RefreshLedger
  let recovery: LedgerRecovery
  /// Records that somebody was told are durable.
  private(set) var acknowledged: UInt64
  /// Records that the ledger has taken.
  private(set) var staged: UInt64
  private let clock: ManualClock

  private init(
    _ executor: SteppedExecutor, _ ledger: RefreshLedger, _ recovery: LedgerRecovery, _ clock: ManualClock
  ) {
    self.executor = executor
    self.ledger = ledger
    self.recovery = recovery
    self.clock = clock
    acknowledged = recovery.sequence
    staged = recovery.sequence
  }

  static func open(
    _ storage: some LogStorage, options: LedgerOptions, clock: ManualClock, seed: UInt64
  ) async throws(LogError) -> SteppedLedger {
    let executor = SteppedExecutor()
    let opened = try await executor.driving { () async throws(LogError) in
      try await RefreshLedger.open(
        storage: storage, executor: executor, options: options, clock: clock.sessionClock,
        random: SeededGenerator(seed: seed))
    }
    return SteppedLedger(executor, opened.ledger, opened.recovery, clock)
  }

  /// Stages the steps, lets the log write, and waits for all of them; returns the failures, in order.
  func commit(
    _ steps: [LedgerStep], _ memory: inout ScriptMemory, onStaged: (UInt64) -> Void = { _ in }
  ) async -> [LedgerError] {
    var waiting: [UInt64] = []
    var failures: [LedgerError] = []
    for step in steps {
      do throws(LedgerError) {
        if let sequence = try await stage(step, &memory) { waiting.append(sequence) }
      } catch {
        failures.append(error)
      }
    }
    staged = max(staged, waiting.max() ?? 0)
    onStaged(staged)
    executor.runUntilIdle()
    for sequence in waiting {
      do throws(LedgerError) {
        try await ledger.durable(through: sequence)
        acknowledged = max(acknowledged, sequence)
      } catch {
        failures.append(error)
      }
    }
    return failures
  }

  private func stage(
    _ step: LedgerStep, _ memory: inout ScriptMemory
  ) async throws(LedgerError) -> UInt64? {
    switch step {
    case .advance(let milliseconds):
      clock.advance(milliseconds: milliseconds)
      return nil
    case .stepClock(let milliseconds):
      clock.step(milliseconds: milliseconds)
      return nil
    case .open(let grant):
      let staged = try await ledger.stageOpening(grant)
      memory.sessions.append((staged.outcome.id, 0))
      return staged.sequence
    case .rotate(let index, let scope):
      let session = memory.session(index)
      var request = RotationRequest(
        token: TokenID(session: session.id, generation: session.generation), client: "web")
      request.narrowedScope = scope
      let staged = try await ledger.stageRotation(request)
      if case .rotated(let rotated) = staged.outcome { memory.sessions[index].generation = rotated.generation }
      return staged.sequence
    case .reuse(let index):
      let session = memory.session(index)
      let token = TokenID(session: session.id, generation: session.generation &- 1)
      return try await ledger.stageRotation(RotationRequest(token: token, client: "web")).sequence
    case .replay(let index):
      _ = try await ledger.stageRotation(replay(memory.session(index)))
      // Its answer does not wait for the note that it was given twice; the frame holds it all the same.
      return await ledger.statistics.sequence
    case .replaySeen(let index):
      let session = memory.session(index)
      ledger.successorWatch.note(
        TokenID(session: session.id, generation: session.generation), issuedAt: clock.now.seconds, now: clock.now)
      _ = try await ledger.stageRotation(replay(session))
      return await ledger.statistics.sequence
    case .move(let index, let terms):
      let session = memory.session(index)
      let request = RotationRequest(
        token: TokenID(session: session.id, generation: session.generation), client: "web", graceMilliseconds: 10_000,
        terms: terms)
      let staged = try await ledger.stageRotation(request)
      if case .rotated(let rotated) = staged.outcome { memory.sessions[index].generation = rotated.generation }
      return staged.sequence
    case .revokeAll(let scope): return try await ledger.stageRevocation(scope).sequence
    case .revokeAccess(let index):
      let session = memory.session(index)
      let token = TokenID(session: session.id, generation: session.generation)
      return try await ledger.stageAccessRevocation(token, until: clock.now.advanced(byMilliseconds: 60_000)).sequence
    case .revoke(let index):
      return try await ledger.stageRevocation(memory.session(index).id).sequence
    case .issue(let grant):
      let staged = try await ledger.stageIssue(grant)
      memory.tokens.append(staged.outcome)
      return staged.sequence
    case .consume(let index):
      return try await ledger.stageConsumption(memory.token(index), purpose: "reset").sequence
    }
  }

  private func replay(_ session: (id: SessionID, generation: UInt32)) -> RotationRequest {
    RotationRequest(
      token: TokenID(session: session.id, generation: session.generation &- 1), client: "web",
      graceMilliseconds: 10_000, reuse: .refuse)
  }

  /// Returns once the checkpoint is there and what it replaces is gone.
  func checkpoint() async throws(LogError) {
    let ledger = ledger
    try await executor.driving { () async throws(LogError) in _ = try await ledger.checkpoint() }
  }

  func close() async throws(LedgerError) {
    let ledger = ledger
    let before = staged
    do throws(LedgerError) {
      try await executor.driving { () async throws(LedgerError) in try await ledger.close() }
    } catch {
      staged = max(before, await ledger.statistics.sequence)
      throw error
    }
    // It has a record of its own: when the log was closed.
    staged = max(before, await ledger.statistics.sequence)
    acknowledged = staged
  }
}

extension ScriptMemory {
  /// One that nobody knows where the script's own opening failed.
  fileprivate func session(_ index: Int) -> (id: SessionID, generation: UInt32) {
    index < sessions.count ? sessions[index] : (SessionID(high: 0, low: 0), 0)
  }

  fileprivate func token(_ index: Int) -> SessionID {
    index < tokens.count ? tokens[index] : SessionID(high: 0, low: 0)
  }
}
