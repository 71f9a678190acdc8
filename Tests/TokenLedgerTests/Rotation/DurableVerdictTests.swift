import LedgerTesting
import Synchronization
import Testing
import WriteAheadLog

@testable import TokenLedger

/// A ledger whose disk does nothing until it is told to.
private struct HeldLedger {
  let disk = FakeStorage(seed: 1)
  let executor = SteppedExecutor()
  let clock = ManualClock()
  let ledger: RefreshLedger

  init(stagedBytesMax: Int = 16 << 20) async throws {
    let (disk, executor, clock) = (disk, executor, clock)
    let options = LedgerOptions(stagedBytesMax: stagedBytesMax)
    ledger = try await executor.driving { () async throws(LogError) in
      try await RefreshLedger.open(
        storage: disk, executor: executor, options: options, clock: clock.sessionClock, random: SeededGenerator(seed: 1)
      ).ledger
    }
  }

  /// A session, on disk.
  func session() async throws -> Session {
    let ledger = ledger
    let grant = SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: try #require(Self.lifetimes))
    return try await executor.driving { () async throws(LedgerError) in try await ledger.open(grant) }
  }

  static let lifetimes = Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 600_000)

  /// The call must wait while the disk does, and fail with it.
  func expectWaiting<Outcome: Sendable>(
    _ call: @escaping @Sendable () async throws -> Outcome, _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    let told = Mutex(false)
    let task = Task {
      defer { told.withLock { $0 = true } }
      return (try? await call()) == nil
    }
    // Far more turns than the call takes to come as far as it may.
    for _ in 0..<500 { await Task.yield() }
    #expect(!told.withLock { $0 }, comment, sourceLocation: sourceLocation)
    var script = FaultScript()
    script.syncsUntilFailure = 0
    disk.follow(script)
    let failed = await executor.driving { await task.value }
    #expect(failed, comment, sourceLocation: sourceLocation)
  }
}

@Suite("Nobody hears of an outcome before it is on disk")
struct DurableVerdictTests {
  @Test("Nobody hears of a rotation before it is on disk")
  func rotation() async throws {
    let held = try await HeldLedger()
    let request = RotationRequest(token: try await held.session().tokenID, client: "web")
    await held.expectWaiting({ [ledger = held.ledger] in try await ledger.rotate(request) }, "rotated")
  }

  @Test("Nobody hears of a refusal before the rotation on which it rests is on disk")
  func refusal() async throws {
    let held = try await HeldLedger()
    let request = RotationRequest(token: try await held.session().tokenID, client: "web", reuse: .refuse)
    _ = try await held.ledger.stageRotation(request)
    await held.expectWaiting({ [ledger = held.ledger] in try await ledger.rotate(request) }, "refused")
  }

  @Test("No retry is answered with the successor before the rotation is on disk")
  func replay() async throws {
    let held = try await HeldLedger()
    let token = try await held.session().tokenID
    let request = RotationRequest(token: token, client: "web", graceMilliseconds: 1_000)
    _ = try await held.ledger.stageRotation(request)
    await held.expectWaiting({ [ledger = held.ledger] in try await ledger.rotate(request) }, "retried")
  }

  @Test(
    "Nobody hears of a revocation, or that the session was revoked already, before the revocation is on disk",
    arguments: [false, true])
  func revocation(again: Bool) async throws {
    let held = try await HeldLedger()
    let id = try await held.session().id
    if again { _ = try await held.ledger.stageRevocation(id) }
    await held.expectWaiting({ [ledger = held.ledger] in try await ledger.revoke(id) }, "revoked")
  }

  @Test("Nobody hears of an opening or of a one-time token before it is on disk")
  func beginnings() async throws {
    let lifetimes = try #require(HeldLedger.lifetimes)
    let opening = try await HeldLedger()
    let grant = SessionGrant(subject: "eve", client: "web", scope: "", lifetimes: lifetimes)
    await opening.expectWaiting({ [ledger = opening.ledger] in try await ledger.open(grant) }, "opened")
    let issuing = try await HeldLedger()
    let oneTime = OneTimeGrant(purpose: "reset", subject: "eve", lifetimeMilliseconds: 1_000)
    await issuing.expectWaiting({ [ledger = issuing.ledger] in try await ledger.issue(oneTime) }, "issued")
  }

  @Test(
    "Nobody hears of a consumption, or of the refusal of a second one, before the consumption is on disk",
    arguments: [false, true])
  func consumption(again: Bool) async throws {
    let held = try await HeldLedger()
    let grant = OneTimeGrant(purpose: "reset", subject: "ann", lifetimeMilliseconds: 1_000)
    let id = try await held.executor.driving { [ledger = held.ledger] () async throws(LedgerError) in
      try await ledger.issue(grant)
    }
    if again { _ = try await held.ledger.stageConsumption(id, purpose: "reset") }
    let ledger = held.ledger
    await held.expectWaiting({ try await ledger.consume(id, purpose: "reset") }, "consumed")
  }

  @Test("A call is refused before anything has changed where too much waits for the disk")
  func overload() async throws {
    let held = try await HeldLedger(stagedBytesMax: 0)
    let session = try await held.session()
    let request = RotationRequest(token: session.tokenID, client: "web", reuse: .refuse)
    let sequence = try await held.ledger.stageRotation(request).sequence
    await #expect { try await held.ledger.stageRevocation(session.id) } throws: { isOverload($0) }
    await #expect { try await held.ledger.stageRotation(request) } throws: { isOverload($0) }
    #expect(await held.ledger.statistics.sequence == sequence)
    #expect(await held.ledger.statistics.liveSessions == 1)
    held.executor.runUntilIdle()
    #expect(try await held.ledger.stageRevocation(session.id).outcome)
  }

  private func isOverload(_ error: any Error) -> Bool {
    if case .overloaded = error as? LedgerError { true } else { false }
  }

  @Test("A wait whose deadline has passed ends with the heartbeat, and what was waited for goes on")
  func deadline() async throws {
    let held = try await HeldLedger()
    let ledger = held.ledger
    let request = RotationRequest(token: try await held.session().tokenID, client: "web", reuse: .refuse)
    let sequence = await ledger.statistics.sequence
    let task = Task { () async -> LedgerError? in
      do throws(LedgerError) {
        _ = try await ledger.rotate(request, deadline: .now) { outcome, _ in outcome }
        return nil
      } catch {
        return error
      }
    }
    while await ledger.statistics.sequence == sequence { await Task.yield() }
    // Far more turns than the call takes to come as far as it may.
    for _ in 0..<500 { await Task.yield() }
    try await ledger.sweepExpired()
    let failure = await held.executor.driving { await task.value }
    guard case .outcomeUnknown? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    let again = try await held.executor.driving { () async throws(LedgerError) in try await ledger.rotate(request) }
    #expect(again.refusal == .reused(.race, generationsBehind: 1, revokedSession: false))
  }

  @Test("One transition and one sync serve any number of simultaneous presenters in the grace window")
  func presentersShareOneSync() async throws {
    let held = try await HeldLedger()
    let ledger = held.ledger
    let request = RotationRequest(
      token: try await held.session().tokenID, client: "web", graceMilliseconds: 60_000, reuse: .revokeSession)
    let (records, syncs) = (await ledger.statistics.sequence, try #require(ledger.logStatistics).syncs)
    let presenters = (0..<50).map { _ in Task { try await ledger.rotate(request) } }
    while await ledger.statistics.sequence < records + 50 { await Task.yield() }
    let outcomes = try await held.executor.driving {
      var outcomes: [Rotation] = []
      for presenter in presenters { outcomes.append(try await presenter.value) }
      return outcomes
    }
    #expect(Set(outcomes.compactMap(\.session)).count == 1 && outcomes.allSatisfy { $0.refusal == nil })
    #expect(outcomes.count { if case .rotated = $0 { true } else { false } } == 1)
    #expect(ledger.logStatistics?.syncs == syncs + 1)
  }
}
