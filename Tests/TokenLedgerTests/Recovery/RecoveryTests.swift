import LedgerTesting
import SystemPackage
import Testing
import WriteAheadLog

@testable import TokenLedger

@Suite("A restart")
struct RecoveryTests {
  private func open(_ folder: TemporaryFolder, _ clock: ManualClock, seed: UInt64) async throws -> RefreshLedger {
    try await RefreshLedger.open(
      folder: folder.path, options: LedgerOptions(durability: .none, segmentBytesMax: 64 << 10),
      clock: clock.sessionClock, random: SeededGenerator(seed: seed)
    ).ledger
  }

  @Test("A restart finds the very state that the ledger was in", arguments: 0..<20 as Range<UInt64>)
  func stateIsTheSame(seed: UInt64) async throws {
    var history = RandomHistory(seed: seed)
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    for round in 0..<3 {
      let ledger = try await open(folder, clock, seed: history.generator.next())
      for _ in 0..<200 { try await history.step(ledger, clock) }
      try await ledger.close()
      let before = await ledger.picture
      let statistics = await ledger.statistics
      let reopened = try await open(folder, clock, seed: history.generator.next())
      #expect(await reopened.picture == before, "seed \(seed), round \(round)")
      #expect(await reopened.statistics.sequence == statistics.sequence, "seed \(seed), round \(round)")
      #expect(await reopened.statistics.liveSessions == statistics.liveSessions, "seed \(seed), round \(round)")
      try await reopened.close()
    }
  }

  @Test(
    "A restart is not needed to give memory back: of sessions that ended nothing is left",
    arguments: 0..<10 as Range<UInt64>)
  func nothingIsLeft(seed: UInt64) async throws {
    var history = RandomHistory(seed: seed)
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    let ledger = try await open(folder, clock, seed: seed)
    for _ in 0..<200 { try await history.step(ledger, clock) }
    clock.advance(milliseconds: Lifetimes.accessMillisecondsMax + 200_000)
    try await ledger.sweepExpired()
    let state = await ledger.state
    #expect(state.table.count == 0, "seed \(seed)")
    #expect(state.names.count == 0, "seed \(seed)")
    #expect(state.profiles.count == 0, "seed \(seed)")
    #expect(state.payloads.isEmpty, "seed \(seed)")
    #expect(state.liveSessionCount == 0, "seed \(seed)")
    try await ledger.close()
  }

  @Test("A restart keeps a consumed token consumed, a revoked session revoked, and its access tokens refused")
  func verdictsStand() async throws {
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 60_000))
    let grant = SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes)
    let first = try await open(folder, clock, seed: 1)
    let rotated = try await first.open(grant)
    let revoked = try await first.open(grant)
    _ = try await first.rotate(RotationRequest(token: rotated.tokenID, client: "web"))
    #expect(try await first.revoke(revoked.id))
    try await first.close()
    let second = try await open(folder, clock, seed: 2)
    #expect(second.revocations.contains(revoked.id))
    #expect(!second.revocations.contains(rotated.id))
    let again = RotationRequest(token: rotated.tokenID, client: "web", reuse: .refuse)
    #expect(try await second.rotate(again).refusal == .reused(.race, generationsBehind: 1, revokedSession: false))
    let gone = RotationRequest(token: revoked.tokenID, client: "web")
    #expect(try await second.rotate(gone).refusal == .revoked(generationsBehind: 0))
  }

  @Test("A restart with the clock set back revives nothing that was seen to have ended")
  func clockSetBackRevivesNothing() async throws {
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 500, absoluteMilliseconds: 500))
    let first = try await open(folder, clock, seed: 1)
    let session = try await first.open(SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes))
    clock.advance(milliseconds: 600)
    let request = RotationRequest(token: session.tokenID, client: "web")
    #expect(try await first.rotate(request).refusal == .expired(generationsBehind: 0))
    try await first.close()
    clock.step(milliseconds: -600)
    let second = try await open(folder, clock, seed: 2)
    #expect(try await second.rotate(request).refusal == .expired(generationsBehind: 0))
  }

  @Test("A restart after a crash between a session's name and its opening leaves a log that opens again and again")
  func namesWithoutASession() async throws {
    let folder = try TemporaryFolder()
    let (log, _) = try await CommitLog.open(
      storage: FolderStorage(path: folder.path), options: LogOptions(), executor: CommitThread(),
      onProgress: { _ in }, replay: { _, _ in })
    var encoder = RecordEncoder()
    for (sequence, text) in zip(1...2 as ClosedRange<UInt64>, ["ann", "web"]) {
      log.stage(sequence: sequence) { payload, startsFrame in
        let event = LedgerEvent.named(number: UInt32(sequence) - 1, text: text)
        encoder.encode(event, at: .zero, into: &payload, startsFrame: startsFrame)
      }
    }
    try await log.close()
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 500, absoluteMilliseconds: 500))
    for subject in ["bob", "ann", "eve"] {
      let ledger = try await open(folder, ManualClock(), seed: 1)
      _ = try await ledger.open(SessionGrant(subject: subject, client: "web", scope: "", lifetimes: lifetimes))
      try await ledger.close()
    }
    #expect(try await open(folder, ManualClock(), seed: 2).statistics.liveSessions == 3)
  }

  @Test("A restart keeps access tokens of a revoked session refused after its refresh token's end")
  func revocationOutlivesTheRefreshToken() async throws {
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 500, absoluteMilliseconds: 500))
    let first = try await open(folder, clock, seed: 1)
    let session = try await first.open(SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes))
    #expect(try await first.revoke(session.id))
    clock.advance(milliseconds: 5_000)
    try await first.sweepExpired()
    try await first.close()
    let second = try await open(folder, clock, seed: 2)
    #expect(second.revocations.contains(session.id))
    clock.advance(milliseconds: Lifetimes.accessMillisecondsMax)
    try await second.sweepExpired()
    #expect(!second.revocations.contains(session.id))
    #expect(await second.statistics.entries == 0)
  }

  @Test("The start of a second ledger on the same folder is refused at once")
  func folderIsLocked() async throws {
    let folder = try TemporaryFolder()
    let first = try await open(folder, ManualClock(), seed: 1)
    await #expect(throws: LogError.self) { try await open(folder, ManualClock(), seed: 2) }
    try await first.close()
  }

  @Test("A restart refuses a log whose records contradict each other, with segment and offset")
  func contradictionsAreRefused() async throws {
    let folder = try TemporaryFolder()
    let (log, _) = try await CommitLog.open(
      storage: FolderStorage(path: folder.path), options: LogOptions(), executor: CommitThread(),
      onProgress: { _ in }, replay: { _, _ in })
    var encoder = RecordEncoder()
    log.stage(sequence: 1) { payload, startsFrame in
      encoder.encode(.revoked(slot: 5, cause: .requested), at: .zero, into: &payload, startsFrame: startsFrame)
    }
    try await log.close()
    do throws(LogError) {
      _ = try await RefreshLedger.open(folder: folder.path)
      Issue.record("a contradictory log was opened")
    } catch {
      #expect(error.description.contains("wal-0000000000000001.lz4 at offset"))
      #expect(error.description.contains("slot 5 holds no live session to revoke"))
    }
  }
}
