internal import Synchronization

/// A write-ahead log: records go in, in order, and it is told when they are safe.
///
/// One writer calls `reserve`, changes its state, calls `stage`, and then waits with `durable(through:)` before it
/// tells anybody. All records that are staged while a sync runs share the next one. The actor lives on the executor
/// given at the opening, where all that blocks happens.
///
/// A failed write or sync fails everybody who waits and ends all writing until the log is opened again.
///
/// A log must be closed: one that is only released leaves its lock, and what a crash would leave.
package actor CommitLog {
  package nonisolated let storage: any LogStorage
  private nonisolated let staged: StagedRecords
  private nonisolated let waiters: CommitWaiters
  private nonisolated let executor: any SerialExecutor
  /// The executor once more, so that a drain starts there and nowhere else first; nil if it cannot run tasks.
  private nonisolated let taskExecutor: (any TaskExecutor)?
  private nonisolated let latest: Mutex<LogStatistics>
  /// Segments that checkpoints have replaced since the opening.
  private nonisolated let replacedSegments = Atomic(0)
  /// The time, by `elapsed`, since which a commit has been under way, in nanoseconds; 0 while none is.
  private nonisolated let busySince = Atomic<Int64>(0)
  private nonisolated let stalled = Atomic(false)
  private nonisolated let isSyncDue = Atomic(false)
  private nonisolated let preallocationBytes: Int
  private let durability: Durability
  private let onCommit: (@Sendable (Duration) -> Void)?
  private let clock: any Clock<Duration>
  private nonisolated let elapsed: @Sendable () -> Duration
  private var writer: SegmentWriter
  private var lock: (any LogLock)?
  private var batches: [StagedRecords.Batch] = []
  private var syncTimer: Task<Void, Never>?

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  init(
    storage: any LogStorage, writer: sending SegmentWriter, lock: any LogLock, options: LogOptions,
    executor: any SerialExecutor,
    clock: any Clock<Duration>
  ) {
    let lastSequence = writer.nextSequence - 1
    self.storage = storage
    staged = StagedRecords(lastSequence: lastSequence, bytesMax: options.stagedBytesMax)
    waiters = CommitWaiters(acknowledged: lastSequence, waitingMax: options.waitersMax)
    self.executor = executor
    taskExecutor = executor as? any TaskExecutor
    latest = Mutex(writer.statistics)
    preallocationBytes = options.preallocationBytes
    durability = options.durability
    onCommit = options.onCommit
    self.clock = clock
    elapsed = stopwatch(clock)
    self.writer = writer
    self.lock = lock
  }
}

// MARK: - For the writer

extension CommitLog {
  /// Checks that a record can be staged, before the caller changes anything.
  ///
  /// - Throws: `.overloaded` while too much or too many wait for the disk, or it does not answer; `.closed`, or the
  ///   failure that ended writing.
  package nonisolated func reserve() throws(LogError) {
    try staged.reserve()
    if stalled.load(ordering: .relaxed) || waiters.isFull { throw .overloaded }
  }

  /// Takes a record.
  ///
  /// The call never blocks on the disk. After a failure or a close the record is dropped, and waiting for it throws.
  ///
  /// - Parameters:
  ///   - sequence: One more than the sequence of the record before; only one task at a time stages.
  ///   - encode: A closure that appends the record, 1 byte to 768 KiB, to the frame's payload, and must not call the
  ///     log; `startsFrame` is true for the first record of a frame. It is not called if the record is dropped.
  package nonisolated func stage(
    sequence: UInt64, _ encode: (_ payload: inout [UInt8], _ startsFrame: Bool) -> Void
  ) {
    if staged.stage(sequence: sequence, encode) { startDrain() }
  }

  /// Makes the file for ``stageCut(in:)``, so that commits after the cut wait less.
  ///
  /// The call blocks, so it belongs on a thread that no commit needs. Only one such file can exist at a time.
  package nonisolated func makeSegmentAhead() throws(LogError) -> UnnamedSegment {
    try UnnamedSegment(aheadIn: storage, room: preallocationBytes)
  }

  /// Begins a new segment, in a file made ahead, after all that is staged so far, for a checkpoint of the state after
  /// it.
  ///
  /// The call never blocks. Only the one writer calls it, and not again before the result is there.
  package nonisolated func stageCut(in unnamed: UnnamedSegment) -> SegmentCut {
    let (cut, mustDrain) = staged.stageCut(in: unnamed)
    if mustDrain { startDrain() }
    return cut
  }

  /// Ends all writing, as a failed write does: for whoever finds that the folder can no longer be trusted.
  package nonisolated func failStop(_ failure: LogError) {
    staged.refuse(with: failure)
    waiters.fail(failure)
    staged.failCut(with: failure)
  }

  /// Takes segments that a checkpoint has replaced out of the figures.
  package nonisolated func noteReplaced(segments: Int) {
    replacedSegments.add(segments, ordering: .relaxed)
  }

  /// Notes whether a commit has been under way for `limit`; if so, nothing more is taken until it ends.
  ///
  /// The call costs a reading of the clock, and is meant for a heartbeat.
  package nonisolated func noteStall(limit: Duration) {
    let began = busySince.load(ordering: .relaxed)
    guard began != 0 else { return }
    stalled.store(elapsed() - .nanoseconds(began) >= limit, ordering: .relaxed)
    // A commit that ended meanwhile cannot have left the mark behind.
    if busySince.load(ordering: .relaxed) != began { stalled.store(false, ordering: .relaxed) }
  }

  /// A commit has been under way for longer than the heartbeat allows.
  package nonisolated var isStalled: Bool { stalled.load(ordering: .relaxed) }

  /// Returns once all records up to `sequence` are as safe as the log's durability promises.
  ///
  /// The call does not suspend if they are already.
  ///
  /// - Throws: The failure that ended writing before they were; the next opening can find them or not. With a deadline
  ///   also `.waitEnded`, if the task is cancelled or ``endOverdueWaits()`` is called after it; the writing continues.
  ///   Without a deadline the wait cannot be cancelled.
  package nonisolated func durable(
    through sequence: UInt64, deadline: ContinuousClock.Instant? = nil
  ) async throws(LogError) {
    try await waiters.wait(for: sequence, deadline: deadline)
  }

  /// Ends the waits whose deadline has passed: meant for a heartbeat.
  package nonisolated func endOverdueWaits() { waiters.endOverdue(at: .now) }

  /// All records up to here are as safe as the log's durability promises.
  package nonisolated var durableSequence: UInt64 { waiters.acknowledgedSequence }

  /// The reason for which the log takes no records: a failure, or `.closed`.
  package nonisolated var failure: LogError? { waiters.failure }

  package nonisolated var statistics: LogStatistics {
    var statistics = latest.withLock { $0 }
    statistics.segments -= replacedSegments.load(ordering: .relaxed)
    return statistics
  }
}

// MARK: - On the log's thread

extension CommitLog {
  private nonisolated func startDrain() {
    Task.detached(executorPreference: taskExecutor) { await self.drain() }
  }

  /// Writes what is staged until nothing is.
  private func drain() {
    // After a failure nothing more is written: what was taken may be on disk already, in part.
    while lock != nil, failure == nil, staged.take(into: &batches) {
      let began = elapsed()
      busySince.store(max(1, began.wholeNanoseconds), ordering: .relaxed)
      defer {
        busySince.store(0, ordering: .relaxed)
        stalled.store(false, ordering: .relaxed)
      }
      do throws(LogError) {
        try write()
        staged.recycle(&batches)
        let commit = elapsed() - began
        note(lastCommit: commit)
        waiters.acknowledge(through: writer.nextSequence - 1)
        onCommit?(commit)
        try writer.zeroAhead()
      } catch {
        fail(error)
        return
      }
      startSyncTimer()
    }
  }

  private func write() throws(LogError) {
    for batch in batches {
      if batch.recordCount > 0 { try writer.append(batch.payload.span, recordCount: batch.recordCount) }
      guard let cut = batch.cut else { continue }
      // Those who wait for these records need not wait for the next segment.
      try writer.sync()
      note(lastCommit: statistics.lastCommit)
      waiters.acknowledge(through: writer.nextSequence - 1)
      cut.resolve(.success(try writer.cut(cut.unnamed)))
    }
    try writer.flush()
    if isSyncDue.exchange(false, ordering: .relaxed) {
      syncTimer = nil
      try writer.sync()
    } else if durability == .always {
      try writer.sync()
    }
  }

  private func fail(_ failure: LogError) {
    failStop(failure)
    syncTimer?.cancel()
  }

  private func note(lastCommit: Duration) {
    var statistics = writer.statistics
    statistics.lastCommit = lastCommit
    latest.withLock { $0 = statistics }
  }

  /// Lets a sync fall due, with durability `interval`, if something is not synced and no sync is awaited.
  private func startSyncTimer() {
    guard case .interval(let interval) = durability, syncTimer == nil, writer.hasUnsyncedRecords else { return }
    syncTimer = Task.detached(executorPreference: taskExecutor) { [weak self, clock] in
      guard (try? await clock.sleep(for: interval)) != nil else { return }
      // A drain under steady load never lets go of the actor, but it sees the mark.
      self?.isSyncDue.store(true, ordering: .relaxed)
      await self?.syncIfDue()
    }
  }

  private func syncIfDue() {
    guard lock != nil, failure == nil, isSyncDue.exchange(false, ordering: .relaxed) else { return }
    syncTimer = nil
    do throws(LogError) {
      try writer.sync()
      note(lastCommit: statistics.lastCommit)
    } catch {
      fail(error)
    }
  }

  /// Lets the log be opened like any other from now on: its owner has ended what a rollback could bring back to life.
  package func settle() throws(LogError) {
    try RollbackMark.remove(in: storage)
  }

  /// Writes and syncs all that was staged, marks the log as cleanly closed, and gives the lock back.
  ///
  /// A second call does nothing.
  ///
  /// - Throws: The failure that ended writing, now or earlier; the lock is given back all the same.
  package func close() async throws(LogError) {
    guard lock != nil else { return }
    staged.refuse(with: .closed)
    do throws(LogError) {
      drain()
      if let failure { throw failure }
      try writer.close()
      note(lastCommit: statistics.lastCommit)
    } catch {
      fail(error)
    }
    let failure = failure
    waiters.fail(.closed)
    staged.failCut(with: .closed)
    syncTimer?.cancel()
    lock = nil
    if let failure { throw failure }
  }
}

/// The time since the call, by `clock`.
private func stopwatch<Time: Clock<Duration>>(_ clock: Time) -> @Sendable () -> Duration {
  let start = clock.now
  return { start.duration(to: clock.now) }
}

extension Duration {
  fileprivate var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
  }
}
