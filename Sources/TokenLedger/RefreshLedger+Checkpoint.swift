internal import Synchronization
package import WriteAheadLog

extension RefreshLedger {
  /// Writes the current state to one file and then removes the part of the log that it replaces.
  ///
  /// No rotation waits for it: the state is a snapshot (one reference for each 512 entries, taken in one step), and a
  /// thread of its own writes it. The log begins a new segment for it, as it does by itself at
  /// ``LedgerOptions/segmentBytesMax``; the file of that segment is made before the snapshot is taken. Only one
  /// checkpoint is written at a time: a call during another one returns that one's report.
  ///
  /// - Returns: The report, or nil if there is nothing to write: no log, or no record since the last checkpoint.
  /// - Throws: `LogError.io` if the file could not be written, for example on a full disk; the log is as before and the
  ///   ledger continues. If the folder could not be synced after the file got its name, the ledger is closed for
  ///   writes, as after any failed sync. `LogError.closed` if the ledger was closed meanwhile.
  @discardableResult
  public nonisolated func checkpoint(
    onProgress: @escaping @Sendable (CheckpointProgress) -> Void = { _ in }
  ) async throws(LogError) -> CheckpointReport? {
    guard let task = try await startCheckpoint(onProgress) else { return nil }
    return try await task.value.get()
  }

  /// The bytes of log that a restart would read besides the last checkpoint.
  ///
  /// The number is not exact during a commit.
  public var bytesSinceCheckpoint: UInt64 {
    guard let log else { return 0 }
    return UInt64(clamping: Int64(clamping: log.statistics.bytesWritten) - checkpointMark)
  }

  private func startCheckpoint(
    _ onProgress: @escaping @Sendable (CheckpointProgress) -> Void
  ) throws(LogError) -> Checkpointing? {
    if let checkpointing { return checkpointing }
    guard let log else { return nil }
    try admitCheckpoint(to: log)
    guard machine.sequence > checkpointedSequence else { return nil }
    let task = Task.detached(executorPreference: checkpointExecutor) {
      let result = await self.write(to: log, onProgress)
      await self.endCheckpoint(result)
      return result.map(\.report)
    }
    checkpointing = task
    return task
  }

  private func admitCheckpoint(to log: CommitLog) throws(LogError) {
    guard !isClosing else { throw .closed }
    try log.reserve()
  }

  private typealias Written = Result<(report: CheckpointReport, mark: UInt64), LogError>

  /// Writes the checkpoint, on the thread for it.
  private nonisolated func write(
    to log: CommitLog, _ onProgress: @escaping @Sendable (CheckpointProgress) -> Void
  ) async -> Written {
    do throws(LogError) {
      let unnamed = try log.makeSegmentAhead()
      let (snapshot, cut): (LedgerSnapshot, SegmentCut)
      do throws(LogError) { (snapshot, cut) = try await self.cut(log, unnamed) } catch {
        unnamed.abandon()
        throw error
      }
      return .success(try await CheckpointWriting(snapshot: snapshot, cut: cut, log: log, onProgress: onProgress).run())
    } catch {
      return .failure(error)
    }
  }

  /// Takes the snapshot and ends the segment after the last record of it, in one step.
  private func cut(
    _ log: CommitLog, _ unnamed: UnnamedSegment
  ) throws(LogError) -> (LedgerSnapshot, SegmentCut) {
    try admitCheckpoint(to: log)
    return (LedgerSnapshot(of: machine.state, sequence: machine.sequence), log.stageCut(in: unnamed))
  }

  private func endCheckpoint(_ result: Written) {
    checkpointing = nil
    guard case .success(let (report, mark)) = result else { return }
    checkpointedSequence = report.sequence
    checkpointMark = Int64(clamping: mark)
  }

  /// Ends a checkpoint that is under way, removes its file, and lets no other begin: once the lock is released, the
  /// folder can belong to another process.
  func stopCheckpoints() async {
    isClosing = true
    checkpointing?.cancel()
    _ = await checkpointing?.value
  }
}

// MARK: - Automatic checkpoints, and those that other processes ask for

extension RefreshLedger: LogKeepingLedger {
  package nonisolated func writeCheckpoints(
    everyBytes bytes: Int, _ report: @escaping @Sendable (Result<CheckpointReport, LogError>) -> Void
  ) async {
    var pause = Duration.seconds(1)
    while (try? await Task.sleep(for: pause)) != nil {
      pause = .seconds(1)
      let isAsked = isCheckpointRequested
      let grown = await bytesSinceCheckpoint
      guard isAsked || grown >= UInt64(bytes) else { continue }
      do throws(LogError) {
        if let written = try await checkpoint(onProgress: tellingCheckpointRequest()) { report(.success(written)) }
      } catch {
        report(.failure(error))
        pause = .seconds(60)
      }
      if isAsked { endCheckpointRequest() }
    }
  }

  /// True if another process asked for a checkpoint.
  ///
  /// Reading it reads the folder, so it is meant for a heartbeat.
  package nonisolated var isCheckpointRequested: Bool {
    guard let log else { return false }
    return (try? CheckpointRequest.isMade(in: log.storage)) ?? false
  }

  /// Returns a closure for ``checkpoint(onProgress:)`` that tells the asking process the progress, once for each
  /// percent.
  ///
  /// The closure does nothing if no process asked; if it fails, the process waits without knowing.
  package nonisolated func tellingCheckpointRequest() -> @Sendable (CheckpointProgress) -> Void {
    guard let file = try? log?.storage.open(CheckpointRequest.fileName, for: .writing) else { return { _ in } }
    let told = Mutex(-1)
    return { progress in
      told.withLock { told in
        let percent = progress.entriesWritten * 100 / max(1, progress.entriesTotal)
        guard percent > told else { return }
        told = percent
        // The text is never shorter than the one before, which it overwrites.
        let text = Array("\(progress.entriesWritten) \(progress.entriesTotal)\n".utf8)
        _ = try? file.write(text.span, at: 0)
      }
    }
  }

  /// Tells the asking process that the checkpoint was attempted.
  package nonisolated func endCheckpointRequest() {
    try? log?.storage.remove(CheckpointRequest.fileName)
  }
}

/// The writing of one checkpoint, from the snapshot to the removal of what it replaces.
private struct CheckpointWriting: Sendable {
  let snapshot: LedgerSnapshot
  let cut: SegmentCut
  let log: CommitLog
  let onProgress: @Sendable (CheckpointProgress) -> Void

  func run() async throws(LogError) -> (report: CheckpointReport, mark: UInt64) {
    let base = try await cut.base()
    var writer = try CheckpointWriter(base, in: log.storage)
    let bytes: UInt64
    do throws(CheckpointError) {
      bytes = try write(to: &writer)
    } catch {
      switch error {
      case .unnamed(let failure):
        writer.abandon()
        throw failure
      case .directory(let failure):
        log.failStop(failure)
        throw failure
      }
    }
    let removed = try CheckpointWriter.removeReplaced(in: log.storage)
    log.noteReplaced(segments: removed)
    let report = CheckpointReport(
      sequence: base.covered, entries: snapshot.entryCount, bytes: bytes, segmentsRemoved: removed)
    return (report, base.bytesWritten)
  }

  private func write(to writer: inout CheckpointWriter) throws(CheckpointError) -> UInt64 {
    let total = snapshot.entryCount
    return try CheckpointEncoder.write(snapshot, to: &writer) { done throws(LogError) in
      if Task.isCancelled { throw .closed }
      onProgress(CheckpointProgress(entriesWritten: done, entriesTotal: total))
    }
  }
}
