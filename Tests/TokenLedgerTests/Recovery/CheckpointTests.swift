import LedgerTesting
import SystemPackage
import Testing
import WriteAheadLog

@testable import TokenLedger

@Suite("A checkpoint")
struct CheckpointTests {
  private static let lifetimes = Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 90_000)

  private func open(
    _ folder: TemporaryFolder, _ clock: ManualClock, seed: UInt64
  ) async throws -> (ledger: RefreshLedger, recovery: LedgerRecovery) {
    try await RefreshLedger.open(
      folder: folder.path, options: LedgerOptions(durability: .none, segmentBytesMax: 64 << 10),
      clock: clock.sessionClock, random: SeededGenerator(seed: seed))
  }

  private func grant(_ subject: String) throws -> SessionGrant {
    SessionGrant(subject: subject, client: "web", scope: "read", lifetimes: try #require(Self.lifetimes))
  }

  @Test(
    "A checkpoint holds the very state that the ledger was in, and the log after it goes on from there",
    arguments: 0..<20 as Range<UInt64>)
  func stateIsTheSame(seed: UInt64) async throws {
    var history = RandomHistory(seed: seed)
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    for round in 0..<3 {
      let ledger = try await open(folder, clock, seed: seed &* 7 &+ UInt64(round)).ledger
      for _ in 0..<100 { try await history.step(ledger, clock) }
      let report = try #require(try await ledger.checkpoint(), "seed \(seed), round \(round)")
      for _ in 0..<100 { try await history.step(ledger, clock) }
      try await ledger.close()
      let (before, statistics) = (await ledger.picture, await ledger.statistics)
      let (reopened, recovery) = try await open(folder, clock, seed: seed)
      #expect(await reopened.picture == before, "seed \(seed), round \(round)")
      #expect(await reopened.statistics.sequence == statistics.sequence, "seed \(seed), round \(round)")
      #expect(await reopened.statistics.liveSessions == statistics.liveSessions, "seed \(seed), round \(round)")
      #expect(recovery.records == statistics.sequence - report.sequence, "seed \(seed), round \(round)")
      try await reopened.close()
    }
  }

  @Test(
    "A checkpoint holds the same state if a thread of its own fills the table", arguments: 0..<20 as Range<UInt64>)
  func stateOfAThreadIsTheSame(seed: UInt64) async throws {
    var history = RandomHistory(seed: seed)
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    let ledger = try await open(folder, clock, seed: seed).ledger
    for _ in 0..<200 { try await history.step(ledger, clock) }
    try await ledger.checkpoint()
    for _ in 0..<50 { try await history.step(ledger, clock) }
    try await ledger.close()
    let picture = await ledger.picture
    for slotsAlone in [0, 3, .max] {
      var replay = LedgerReplay(slotsAlone: slotsAlone)
      _ = try LogReader.read(storage: FolderStorage(path: folder.path)) { (frame, payload) throws(RecordError) in
        try replay.apply(frame, payload)
      }
      #expect(LedgerPicture(replay.state) == picture, "seed \(seed), \(slotsAlone)")
      let table = replay.state.table
      for slot in 0..<UInt32(table.slotCount) where table[slot].status != .free {
        #expect(table.slot(of: table[slot].id) == slot, "seed \(seed), \(slotsAlone)")
      }
    }
  }

  @Test("A checkpoint tells another process that asked for it how far it has come")
  func progressIsTold() async throws {
    let folder = try TemporaryFolder()
    let ledger = try await open(folder, ManualClock(), seed: 1).ledger
    for index in 0..<1000 { _ = try await ledger.open(try grant("user\(index)")) }
    let storage = FolderStorage(path: folder.path)
    try CheckpointRequest.make(in: storage)
    #expect(try CheckpointRequest.progress(in: storage) == nil)
    try await ledger.checkpoint(onProgress: ledger.tellingCheckpointRequest())
    let all = CheckpointProgress(entriesWritten: 1000, entriesTotal: 1000)
    #expect(try CheckpointRequest.progress(in: storage) == all)
    ledger.endCheckpointRequest()
    #expect(try CheckpointRequest.progress(in: storage) == nil)
    #expect(try !CheckpointRequest.isMade(in: storage))
  }

  @Test("A checkpoint replaces the segments before it")
  func segmentsAreRemoved() async throws {
    let folder = try TemporaryFolder()
    let ledger = try await open(folder, ManualClock(), seed: 1).ledger
    for index in 0..<1000 { _ = try await ledger.open(try grant("user\(index)")) }
    let storage = FolderStorage(path: folder.path)
    let before = try storage.names().filter { $0.hasPrefix("wal-") }.count
    #expect(before > 1)
    let report = try #require(try await ledger.checkpoint())
    #expect(report.entries == 1000)
    #expect(report.segmentsRemoved == before)
    #expect(try storage.names().filter { $0.hasPrefix("wal-") }.count == 1)
    #expect(try storage.names().filter { $0.hasPrefix("checkpoint-") }.count == 1)
    #expect(await ledger.bytesSinceCheckpoint == 0)
    #expect(ledger.logStatistics?.segments == 1)
  }

  @Test("A checkpoint is not written where no record came after the last one")
  func nothingNew() async throws {
    let folder = try TemporaryFolder()
    let first = try await open(folder, ManualClock(), seed: 1).ledger
    #expect(try await first.checkpoint() == nil)
    _ = try await first.open(try grant("ann"))
    #expect(try await first.checkpoint() != nil)
    #expect(try await first.checkpoint() == nil)
    try await first.close()
    let second = try await open(folder, ManualClock(), seed: 2).ledger
    #expect(try await second.checkpoint() == nil)
    _ = try await second.open(try grant("bob"))
    #expect(try await second.checkpoint() != nil)
    try await second.close()
    #expect(await (try open(folder, ManualClock(), seed: 3)).ledger.statistics.liveSessions == 2)
  }

  @Test("A checkpoint keeps a spent token spent, a revoked session revoked, a consumed one-time token consumed")
  func verdictsStand() async throws {
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    let first = try await open(folder, clock, seed: 1).ledger
    let rotated = try await first.open(try grant("ann"))
    let revoked = try await first.open(try grant("bob"))
    _ = try await first.rotate(RotationRequest(token: rotated.tokenID, client: "web"))
    #expect(try await first.revoke(revoked.id))
    let oneTime = OneTimeGrant(purpose: "reset", subject: "ann", payload: [1, 2], lifetimeMilliseconds: 60_000)
    let (spent, kept) = (try await first.issue(oneTime), try await first.issue(oneTime))
    _ = try await first.consume(spent, purpose: "reset")
    #expect(try await first.checkpoint() != nil)
    try await first.close()
    let second = try await open(folder, clock, seed: 2).ledger
    #expect(second.revocations.contains(revoked.id))
    let again = RotationRequest(token: rotated.tokenID, client: "web", reuse: .refuse)
    #expect(try await second.rotate(again).refusal == .reused(.race, generationsBehind: 1, revokedSession: false))
    #expect(
      try await second.rotate(RotationRequest(token: revoked.tokenID, client: "web")).refusal
        == .revoked(generationsBehind: 0))
    #expect(try await second.consume(spent, purpose: "reset") == .refused(.alreadyConsumed))
    #expect(try await second.consume(kept, purpose: "reset") == .consumed(subject: "ann", payload: [1, 2]))
  }

  @Test("A checkpoint with the clock set back revives nothing that was seen to have ended")
  func clockMarkIsKept() async throws {
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    let first = try await open(folder, clock, seed: 1).ledger
    clock.advance(milliseconds: 50)
    let session = try await first.open(try grant("ann"))
    // Not at a second's end, at which the entry would be freed.
    clock.advance(milliseconds: 60_100)
    let request = RotationRequest(token: session.tokenID, client: "web")
    #expect(try await first.rotate(request).refusal == .expired(generationsBehind: 0))
    #expect(try await first.checkpoint() != nil)
    try await first.close()
    clock.step(milliseconds: -60_100)
    #expect(try await open(folder, clock, seed: 2).ledger.rotate(request).refusal == .expired(generationsBehind: 0))
  }

  @Test("A checkpoint is one however many ask for it at the same time")
  func oneAtATime() async throws {
    let folder = try TemporaryFolder()
    let ledger = try await open(folder, ManualClock(), seed: 1).ledger
    for index in 0..<300 { _ = try await ledger.open(try grant("user\(index)")) }
    let reports = try await withThrowingTaskGroup(of: CheckpointReport?.self) { group in
      for _ in 0..<8 { group.addTask { try await ledger.checkpoint() } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(reports.compactMap { $0?.sequence }) == [603])
  }

  @Test("A checkpoint is given up when the ledger closes, and none begins after that")
  func closing() async throws {
    let folder = try TemporaryFolder()
    let ledger = try await open(folder, ManualClock(), seed: 1).ledger
    for index in 0..<300 { _ = try await ledger.open(try grant("user\(index)")) }
    async let outcome = try? ledger.checkpoint()
    try await ledger.close()
    _ = await outcome
    await #expect(throws: LogError.self) { try await ledger.checkpoint() }
    #expect(try FolderStorage(path: folder.path).names().allSatisfy { !$0.hasSuffix(".tmp") })
    #expect(await (try open(folder, ManualClock(), seed: 2)).ledger.statistics.liveSessions == 300)
  }

  @Test(
    "A checkpoint that does not fit on the disk leaves the ledger and its log as they were",
    // Too little for the segment after it, and enough for that but not for the checkpoint.
    arguments: [50, 500])
  func fullDisk(bytesLeft: Int) async throws {
    let executor = SteppedExecutor()
    let storage = FakeStorage(seed: 1)
    let grant = try grant("ann")
    try await executor.driving {
      let ledger = try await RefreshLedger.open(
        storage: storage, executor: executor, options: .small, clock: ManualClock().sessionClock,
        random: SeededGenerator(seed: 1)
      ).ledger
      for _ in 0..<20 { _ = try await ledger.open(grant) }
      var script = FaultScript()
      script.bytesMax = storage.files.values.reduce(0) { $0 + $1.count } + bytesLeft
      storage.follow(script)
      await #expect(throws: LogError.self) { try await ledger.checkpoint() }
      storage.follow(FaultScript())
      let names = storage.files.keys
      #expect(names.allSatisfy { !$0.hasPrefix("checkpoint-") && !$0.hasSuffix(".tmp") }, "\(names)")
      #expect(ledger.logFailure == nil)
      _ = try await ledger.open(grant)
      #expect(try await ledger.checkpoint()?.entries == 21)
      try await ledger.close()
    }
  }
}

extension LedgerOptions {
  /// Segments of a few records.
  static var small: LedgerOptions {
    var options = LedgerOptions(segmentBytesMax: 600)
    options.preallocationBytes = 128
    return options
  }
}
