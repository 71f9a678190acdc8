import LedgerTesting
import Synchronization
import SystemPackage
import Testing
import WriteAheadLog

@testable import TokenLedger

/// A log that is older than what was served from it.
@Suite("A log that was rolled back")
struct SettlementTests {
  private let clock = ManualClock()

  private func grant() throws -> SessionGrant {
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 60_000))
    return SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes)
  }

  private func open(_ folder: TemporaryFolder) async throws -> RefreshLedger {
    try await RefreshLedger.open(
      folder: folder.path, clock: clock.sessionClock, random: SeededGenerator(seed: 1)
    ).ledger
  }

  private func backup(of folder: TemporaryFolder) throws -> TemporaryFolder {
    let copy = try TemporaryFolder()
    _ = try LogCopy.make(of: FolderStorage(path: folder.path), in: FolderStorage(path: copy.path))
    return copy
  }

  private func settle(
    _ folder: TemporaryFolder, keepsSessions: Bool, onProgress: @escaping (SettlementProgress) -> Void = { _ in }
  ) async throws -> Settlement {
    try await RefreshLedger.settle(
      storage: FolderStorage(path: folder.path), executor: try CommitThread(), keepsSessions: keepsSessions,
      clock: clock.sessionClock, onProgress: onProgress)
  }

  @Test("A log that was rolled back does not open before it is settled")
  func isRefused() async throws {
    let folder = try TemporaryFolder()
    let ledger = try await open(folder)
    _ = try await ledger.open(try grant())
    let copy = try backup(of: folder)
    await #expect(throws: LogError.self) { try await open(copy) }
    _ = try await settle(copy, keepsSessions: false)
    _ = try await open(copy)
  }

  @Test(
    "A rolled-back log makes no consumed token live once it is settled: sessions are revoked, one-time tokens consumed"
  )
  func spentStaysSpent() async throws {
    let folder = try TemporaryFolder()
    let ledger = try await open(folder)
    let session = try await ledger.open(try grant())
    let oneTime = try await ledger.issue(OneTimeGrant(purpose: "reset", subject: "ann", lifetimeMilliseconds: 60_000))
    let copy = try backup(of: folder)
    _ = try await ledger.rotate(RotationRequest(token: session.tokenID, client: "web"))
    _ = try await ledger.consume(oneTime, purpose: "reset")
    let settlement = try await settle(copy, keepsSessions: false)
    #expect(settlement.sessionsEnded == 1 && settlement.oneTimeTokensEnded == 1)
    let restored = try await open(copy)
    #expect(
      try await restored.rotate(RotationRequest(token: session.tokenID, client: "web")).refusal
        == .revoked(generationsBehind: 0))
    #expect(try await restored.consume(oneTime, purpose: "reset") == .refused(.alreadyConsumed))
    #expect(restored.revocations.contains(session.id))
  }

  @Test("A log that was rolled back keeps its sessions where whoever restores it says so")
  func sessionsKept() async throws {
    let folder = try TemporaryFolder()
    let ledger = try await open(folder)
    let session = try await ledger.open(try grant())
    let copy = try backup(of: folder)
    #expect(try await settle(copy, keepsSessions: true).sessionsEnded == 0)
    let restored = try await open(copy)
    #expect(try await restored.rotate(RotationRequest(token: session.tokenID, client: "web")).refusal == nil)
  }

  @Test("A log that was rolled back is found out by a token that is ahead of it, whose session is then revoked")
  func tokenAhead() async throws {
    let folder = try TemporaryFolder()
    let ledger = try await open(folder)
    let session = try await ledger.open(try grant())
    let ahead = TokenID(session: session.id, generation: 3)
    #expect(
      try await ledger.rotate(RotationRequest(token: ahead, client: "web", reuse: .refuse)).refusal
        == .neverIssued(generationsAhead: 3))
    #expect(ledger.revocations.contains(session.id))
    #expect(
      try await ledger.rotate(RotationRequest(token: session.tokenID, client: "web")).refusal
        == .revoked(generationsBehind: 0))
  }

  @Test(
    "Settling a log with more live sessions than fit into one commit tells after each how far it has come"
  )
  func manySessions() async throws {
    let folder = try TemporaryFolder()
    let ledger = try await open(folder)
    let grant = try grant()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<5000 { group.addTask { _ = try await ledger.open(grant) } }
      try await group.waitForAll()
    }
    let copy = try backup(of: folder)
    let told = Mutex<[Int]>([])
    let settlement = try await settle(copy, keepsSessions: false) { progress in
      if case .ending(let done, 5000) = progress { told.withLock { $0.append(done) } }
    }
    #expect(settlement.sessionsEnded == 5000)
    #expect(told.withLock { $0 } == [4096, 5000])
    #expect(try await open(copy).statistics.liveSessions == 0)
  }
}
