public import RotationModel
public import ServiceLifecycle
public import TokenLedger
internal import TokenSigning
internal import WriteAheadLog

extension RotationEngine: Service {
  /// Frees expired sessions once a second, writes a checkpoint when one is due, and puts changed keys in force within a
  /// second, until the service group shuts down gracefully; then closes the ledger cleanly.
  ///
  /// Put the engine before the servers that use it: a service group ends its services in reverse order, so that the
  /// ledger is closed after the last request. A failed log does not end this call: ``isReady`` becomes false and
  /// changes are refused.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.runLedger() }
        group.addTask { await self.writeCheckpoints() }
        group.addTask { await self.followKeys() }
      }
    }
    try await close()
  }

  private func runLedger() async {
    let observer = observer
    await ledger.run { observer.engine(observed: EngineEvent($0)) }
  }

  private func writeCheckpoints() async {
    guard let ledger = ledger as? any LogKeepingLedger else { return }
    await ledger.writeCheckpoints(everyBytes: options.checkpointEvery) { self.tell($0) }
  }

  private func followKeys() async {
    guard let source = keys.source else { return }
    var watch = KeyWatch(source)
    let interval = Duration.milliseconds(source.publication == nil ? 500 : 100)
    while (try? await Task.sleep(for: interval)) != nil { await followKeys(&watch) }
  }

  /// Writes a checkpoint, which bounds the time of the next start and the size of the log; see
  /// ``RefreshLedger/checkpoint(onProgress:)``.
  ///
  /// ``run()`` does so by itself at ``EngineOptions/checkpointEvery``.
  ///
  /// - Returns: The report, or nil if there is nothing to write: no log, or nothing new in it.
  @discardableResult
  public func checkpoint(
    onProgress: @escaping @Sendable (CheckpointProgress) -> Void = { _ in }
  ) async throws(EngineError) -> CheckpointReport? {
    guard let ledger = ledger as? any LogKeepingLedger else { return nil }
    do {
      guard let report = try await ledger.checkpoint(onProgress: onProgress) else { return nil }
      tell(.success(report))
      return report
    } catch {
      tell(.failure(error))
      throw .log(error)
    }
  }

  private func tell(_ result: Result<CheckpointReport, LogError>) {
    switch result {
    case .success(let report):
      observer.engine(
        observed: .checkpointed(
          sequence: report.sequence, entries: report.entries, bytes: report.bytes,
          segmentsRemoved: report.segmentsRemoved))
    case .failure(let failure):
      observer.engine(observed: .checkpointFailed(failure.description))
    }
  }

  public var statistics: LedgerStatistics {
    get async { await ledger.statistics }
  }

  /// The health of the ledger and, if it has a log, the figures of its files.
  ///
  /// Reading it costs one turn of the ledger, and never waits for the disk.
  public var logHealth: LogHealth {
    get async {
      var health = LogHealth(state: ledger.health.state, durability: durability, ledger: await statistics)
      guard let log = (ledger as? any LogKeepingLedger)?.logStatistics else { return health }
      health.files = LogHealth.Files(
        segments: log.segments, bytesWritten: log.bytesWritten, commits: log.frames, records: log.records,
        syncs: log.syncs, lastCommit: log.lastCommit, syncedSequence: log.syncedSequence)
      return health
    }
  }

  /// The ledger's time.
  package var time: Timestamp { ledger.now() }

  private var durability: String {
    switch options.durability {
    case .always: "always"
    case .interval: "interval"
    case .none: "none"
    }
  }
}
