public import SystemPackage
public import WriteAheadLog

/// How far a replay has come.
public struct LedgerReplayProgress: Sendable, Hashable {
  public var bytesRead: UInt64
  public var bytesTotal: UInt64
  public var records: UInt64
}

/// What the opening of a ledger found.
public struct LedgerRecovery: Sendable {
  /// Records replayed.
  public var records: UInt64
  /// The last sequence number in the log.
  public var sequence: UInt64
  /// Whether the log ended with the mark of a clean shutdown; true for a new one.
  public var wasClosedCleanly: Bool
  /// The torn tail that a crash left and that was cut off after a copy of it was kept; nil where there was none.
  public var tornTail: TornTail?
}

extension RefreshLedger {
  /// Opens the ledger whose log is in `folder`, which is made if it is absent: lock, repair the torn tail, replay, check, sync.
  ///
  /// Throws `LogFailure.locked` at once where another process has it open and `LogFailure.corrupt` with segment and
  /// offset for any damage but a torn tail; nothing on disk is changed then. Replays some million records a second.
  public static func open(
    folder: FilePath, options: LedgerOptions = LedgerOptions(), clock: SessionClock = .system,
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    onProgress: (LedgerReplayProgress) -> Void = { _ in }
  ) async throws(LedgerFailure) -> (ledger: RefreshLedger, recovery: LedgerRecovery) {
    try await open(
      storage: FolderStorage(path: folder), executor: CommitThread(), options: options, clock: clock, random: random,
      onProgress: onProgress)
  }

  /// A ledger without a log: for tests of an embedder. Nothing survives it.
  public static func inMemory(
    options: LedgerOptions = LedgerOptions(), clock: SessionClock = .system,
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) -> RefreshLedger {
    RefreshLedger(state: LedgerState(), sequence: 0, log: nil, clock: clock, random: random, options: options)
  }

  package static func open(
    storage: any LogStorage, executor: any SerialExecutor, options: LedgerOptions, clock: SessionClock,
    random: any RandomNumberGenerator & Sendable, onProgress: (LedgerReplayProgress) -> Void = { _ in }
  ) async throws(LedgerFailure) -> (ledger: RefreshLedger, recovery: LedgerRecovery) {
    var replay = LedgerReplay()
    let logOptions = LogOptions(
      durability: options.durability, segmentBytesMax: options.segmentBytesMax, stagedBytesMax: options.stagedBytesMax)
    let opened: (log: CommitLog, recovery: LogRecovery)
    do {
      opened = try await CommitLog.open(
        storage: storage, options: logOptions, executor: executor,
        onProgress: { progress in
          onProgress(
            LedgerReplayProgress(
              bytesRead: progress.bytesRead, bytesTotal: progress.bytesTotal, records: progress.records))
        },
        replay: { (_, payload) throws(RecordRefusal) in try replay.apply(payload) })
    } catch {
      throw .log(error)
    }
    let recovery = LedgerRecovery(
      records: opened.recovery.records, sequence: opened.recovery.lastSequence,
      wasClosedCleanly: opened.recovery.wasClosedCleanly, tornTail: opened.recovery.tornTail)
    let ledger = RefreshLedger(
      state: replay.finished(), sequence: opened.recovery.lastSequence, log: opened.log, clock: clock, random: random,
      options: options)
    return (ledger, recovery)
  }
}
