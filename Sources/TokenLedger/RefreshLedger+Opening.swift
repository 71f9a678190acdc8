public import SystemPackage
package import WriteAheadLog

extension RefreshLedger {
  /// Opens the ledger whose log is in `folder`, which is created if it does not exist: locks it, repairs the torn tail,
  /// replays, checks and syncs the log.
  ///
  /// The replay reads some million records a second.
  ///
  /// - Throws: ``LogError/locked(path:)`` at once if another process has the log open, and
  ///   ``LogError/corrupt(segment:offset:what:)`` for any damage but a torn tail; nothing on disk is changed then.
  public static func open(
    folder: FilePath, options: LedgerOptions = LedgerOptions(), clock: SessionClock = .system,
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    onProgress: @escaping (LedgerReplayProgress) -> Void = { _ in }
  ) async throws(LogError) -> (ledger: RefreshLedger, recovery: LedgerRecovery) {
    let (commits, checkpoints): (CommitThread, CommitThread)
    (commits, checkpoints) = (try CommitThread(), try CommitThread(givesWay: true))
    return try await open(
      storage: FolderStorage(path: folder), executor: commits, checkpointExecutor: checkpoints, options: options,
      clock: clock, random: random, onProgress: onProgress)
  }

  /// The slots of a checkpoint from which on a second thread, which takes some microseconds to start, is worth it.
  private static let slotsAlone = 1 << 16

  /// Returns a ledger without a log, for tests of an embedder.
  ///
  /// Its state is lost with it.
  public static func inMemory(
    sessionsPerSubjectMax: Int = 0, clock: SessionClock = .system,
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) -> RefreshLedger {
    RefreshLedger(
      machine: LedgerMachine(
        state: LedgerState(), sequence: 0, clock: clock, random: random, sessionsPerSubjectMax: sessionsPerSubjectMax),
      log: nil)
  }

  /// Opens the ledger whose log is in `storage`, as ``open(folder:options:clock:random:onProgress:)`` does.
  ///
  /// The log blocks on `executor`, and `checkpointExecutor` writes the checkpoints; nil stands for `executor`, if that
  /// can run tasks. `stopwatch` is the clock for durability `interval` and for measured times.
  package static func open(
    storage: any LogStorage, executor: any SerialExecutor, checkpointExecutor: (any TaskExecutor)? = nil,
    stopwatch: any Clock<Duration> = ContinuousClock(),
    options: LedgerOptions, clock: SessionClock, random: any RandomNumberGenerator & Sendable,
    onProgress: @escaping (LedgerReplayProgress) -> Void = { _ in }
  ) async throws(LogError) -> (ledger: RefreshLedger, recovery: LedgerRecovery) {
    var replay = LedgerReplay(slotsAlone: Self.slotsAlone)
    var logOptions = LogOptions(
      durability: options.durability, segmentBytesMax: options.segmentBytesMax,
      preallocationBytes: options.preallocationBytes, stagedBytesMax: options.stagedBytesMax, identity: options.identity
    )
    logOptions.onCommit = options.onCommit
    logOptions.acceptsRollback = options.acceptsRollback
    logOptions.acceptsMove = options.acceptsMove
    logOptions.epochFloor = options.epochFloor
    let opened = try await CommitLog.open(
      storage: storage, options: logOptions, executor: executor, clock: stopwatch,
      onProgress: { progress in
        onProgress(
          LedgerReplayProgress(
            bytesRead: progress.bytesRead, bytesTotal: progress.bytesTotal, records: progress.records))
      },
      replay: { (frame, payload) throws(RecordError) in try replay.apply(frame, payload) })
    let ledger = RefreshLedger(
      machine: LedgerMachine(
        state: replay.state, sequence: opened.recovery.lastSequence, clock: clock, random: random,
        sessionsPerSubjectMax: options.sessionsPerSubjectMax),
      log: opened.log, checkpointExecutor: checkpointExecutor ?? executor as? any TaskExecutor,
      recovery: opened.recovery)
    return (ledger, LedgerRecovery(opened.recovery))
  }
}
