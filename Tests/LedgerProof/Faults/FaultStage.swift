import LedgerTesting
import Synchronization
import TokenLedger
import WriteAheadLog

/// One act of a stage.
enum FaultAct: Sendable {
  case open
  case commit([LedgerStep])
  case checkpoint
  case close
}

/// A folder, and what a ledger does with it while each operation of its storage fails in turn.
struct FaultStage: Sendable {
  enum Kind: Int, Sendable, CaseIterable {
    /// An empty folder: first opening, commits, new segments, close, opening after a clean close.
    case fresh
    /// A commit that nobody was told of is torn at the end of the log.
    case torn
    /// The last but one segment lacks its seal.
    case unsealed
    /// Several segments, which two checkpoints replace.
    case checkpoint
    /// Files that a checkpoint had replaced, and files that were never finished.
    case leftovers
    /// A log of format 1, closed cleanly: the opening begins a segment of format 2.
    case former
    /// The same without a record: the opening replaces its one segment.
    case formerEmpty
  }

  let kind: Kind
  let seed: UInt64
  let options: LedgerOptions
  let files: [String: [UInt8]]
  /// Records in `files` that somebody was told are durable.
  let acknowledged: UInt64
  let acts: [FaultAct]

  static func make(_ kind: Kind, variant: UInt64) async throws -> FaultStage {
    let seed = variant &* 0x9_0001 &+ UInt64(kind.rawValue) + 1
    var random = SeededGenerator(seed: seed)
    var options = LedgerOptions(segmentBytesMax: Int.random(in: 500...1_500, using: &random))
    options.preallocationBytes = [256, 512, 1_024][Int.random(in: 0..<3, using: &random)]
    options.identity = LogIdentity(from: &random)
    let script = LedgerScript(seed: seed, commitCount: 6)
    let before = try await Before.make(kind, script, options, seed)
    return FaultStage(
      kind: kind, seed: seed, options: options, files: before.files, acknowledged: before.acknowledged,
      acts: acts(kind, script.commits))
  }

  private static func acts(_ kind: Kind, _ commits: [[LedgerStep]]) -> [FaultAct] {
    var acts: [FaultAct] = [.open]
    func commit(_ range: Range<Int>) {
      for steps in commits[range] { acts.append(.commit(steps)) }
    }
    switch kind {
    case .fresh:
      commit(0..<6)
      acts += [.close, .open]
      commit(6..<9)
    case .formerEmpty:
      commit(0..<3)
      acts += [.close, .open]
    case .torn, .unsealed, .former:
      commit(9..<12)
      acts += [.close, .open]
    case .checkpoint:
      commit(6..<8)
      acts.append(.checkpoint)
      commit(8..<10)
      acts.append(.checkpoint)
      commit(10..<11)
      acts += [.close, .open]
      commit(11..<12)
    case .leftovers:
      commit(8..<9)
      acts.append(.checkpoint)
      commit(9..<10)
    }
    return acts + [.close]
  }

  /// The folder at the beginning.
  private struct Before {
    var files: [String: [UInt8]] = [:]
    var acknowledged: UInt64 = 0

    static func make(
      _ kind: Kind, _ script: LedgerScript, _ options: LedgerOptions, _ seed: UInt64
    ) async throws -> Before {
      if kind == .fresh { return Before() }
      let disk = FakeStorage(seed: seed)
      let seen = Mutex(Before())
      let unsealed = Mutex<Before?>(nil)
      disk.follow(
        .watching { _ in
          let files = disk.files
          seen.withLock { $0.files.merge(files) { $1 } }
          guard kind == .unsealed, ReferenceLog.lacksSeal(files) else { return }
          unsealed.withLock { $0 = Before(files: files, acknowledged: seen.withLock { $0.acknowledged }) }
        })
      defer { disk.follow(FaultScript()) }
      let ledger = try await SteppedLedger.open(disk, options: options, clock: ManualClock(), seed: seed)
      if kind == .formerEmpty { return Before(files: FormerFormat.files(disk.files)) }
      var memory = ScriptMemory()
      for steps in script.commits[..<8] {
        if let failure = await ledger.commit(steps, &memory).first { throw failure }
        seen.withLock { $0.acknowledged = ledger.acknowledged }
      }
      switch kind {
      case .fresh, .checkpoint, .former, .formerEmpty: break
      case .unsealed: return unsealed.withLock { $0 } ?? Before()
      case .torn:
        let acknowledged = ledger.acknowledged
        _ = await ledger.commit([.issue(tearable(seed))], &memory)
        return Before(files: tearLast(disk.files), acknowledged: acknowledged)
      case .leftovers:
        try await ledger.checkpoint()
        var files = seen.withLock { $0.files }.filter { !$0.key.hasSuffix(".tmp") }
        files.merge(disk.files) { $1 }
        files["wal-00000000000000ff.lz4.tmp"] = [1, 2, 3]
        files["checkpoint-00000000000000ff.lz4.tmp"] = []
        return Before(files: files, acknowledged: ledger.acknowledged)
      }
      try await ledger.close()
      let files = kind == .former ? FormerFormat.files(disk.files) : disk.files
      return Before(files: files, acknowledged: ledger.acknowledged)
    }

    /// Large enough that its frame has a whole sector.
    private static func tearable(_ seed: UInt64) -> OneTimeGrant {
      var random = SeededGenerator(seed: seed)
      return OneTimeGrant(
        purpose: "reset", subject: "somebody", payload: (0..<1_024).map { _ in .random(in: 1...255, using: &random) },
        lifetimeMilliseconds: 60_000)
    }

    private static func tearLast(_ files: [String: [UInt8]]) -> [String: [UInt8]] {
      var opening = SpecifiedOpening(files)
      _ = opening.run()
      guard let segment = opening.segments.last, let last = segment.frames.last else { return files }
      var torn = files
      let start = ((last.offset + SpecifiedFrame.headerBytes) / 512 + 1) * 512
      for place in start..<(start + 512) { torn[segment.name]?[place] = 0 }
      return torn
    }
  }
}
