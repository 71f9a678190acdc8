extension CommitLog {
  /// Takes the folder's lock, checks and replays what is there, repairs the end that a crash left, and makes all of it
  /// durable.
  ///
  /// A folder without a log gets a new one.
  ///
  /// If `executor` is also a task executor, as `CommitThread` is, all of this happens on it. Otherwise the calling task
  /// blocks.
  ///
  /// - Parameters:
  ///   - storage: The folder of the log.
  ///   - options: The limits and the durability of the log.
  ///   - executor: The executor on which the log lives and blocks.
  ///   - clock: The clock for durability `interval` and the measured times.
  ///   - onProgress: A closure that is called every few MiB, and at the end.
  ///   - replay: A closure that is given each frame once, in order, checkpoint entries first.
  /// - Returns: The log, ready for records, and the findings of the opening.
  /// - Throws: `.locked` at once; `.rolledBack` and `.moved` unless the options accept that; `.corrupt` with the place
  ///   and nothing changed on disk; `.unsupportedVersion`; `.io`.
  package nonisolated static func open(
    storage: some LogStorage, options: LogOptions = LogOptions(), executor: any SerialExecutor,
    clock: any Clock<Duration> = ContinuousClock(), onProgress: @escaping (ReplayProgress) -> Void = { _ in },
    replay: LogVisit
  ) async throws(LogError) -> (log: CommitLog, recovery: LogRecovery) {
    try await withTaskExecutorPreference(executor as? any TaskExecutor) { () async throws(LogError) in
      try openHere(storage, options, executor, clock, onProgress, replay)
    }
  }

  private static func openHere(
    _ storage: some LogStorage, _ options: LogOptions, _ executor: any SerialExecutor, _ clock: any Clock<Duration>,
    _ onProgress: @escaping (ReplayProgress) -> Void, _ replay: LogVisit
  ) throws(LogError) -> (log: CommitLog, recovery: LogRecovery) {
    let lock = try storage.lock()
    if !options.acceptsRollback, try RollbackMark.isSet(in: storage) { throw .rolledBack(path: storage.path) }
    if !options.acceptsMove, let what = try MovedMark.read(in: storage) {
      throw .moved(path: storage.path, what: what)
    }
    var walk = try LogWalk(storage, onProgress: onProgress)
    try walk.run(replay)
    let (epoch, overflow) = max(walk.chain.epochMax, options.epochFloor).addingReportingOverflow(1)
    guard !overflow else {
      throw .corrupt(segment: walk.summary.segments.last?.name ?? "", offset: 0, what: "the epochs are used up")
    }
    let (end, tornTail): (ResumePoint, TornTail?)
    let identity: LogIdentity
    if let walked = walk.end, let known = walk.chain.identity {
      identity = known
      (end, tornTail) = try LogRepair(storage: storage, epoch: epoch).run(walk, end: walked)
    } else {
      identity = options.identity ?? LogIdentity.random()
      (end, tornTail) = (try makeFirstSegment(storage, options, identity, epoch, walk.listing), nil)
    }
    var writer = try SegmentWriter(
      storage, options: options, identity: identity, epoch: epoch, end: end, nextSequence: walk.chain.nextSequence,
      segments: max(1, walk.summary.segments.count))
    // An older program must say that it does not know the format, not that the log is damaged.
    if end.version != LogFormat.version { try writer.renewSegment() }
    var summary = walk.summary
    summary.tornTail = tornTail
    let log = CommitLog(
      storage: storage, writer: writer, lock: lock, options: options, executor: executor, clock: clock)
    return (log, LogRecovery(summary, identity: identity, epoch: epoch))
  }

  private static func makeFirstSegment(
    _ storage: some LogStorage, _ options: LogOptions, _ identity: LogIdentity, _ epoch: UInt32, _ listing: LogListing
  ) throws(LogError) -> ResumePoint {
    for name in listing.unfinished { try storage.remove(name) }
    let header = FileHeader(kind: .segment, epoch: epoch, identity: identity, sequence: 1, previous: 0)
    let made = try NewSegment.make(header, in: storage, room: options.preallocationBytes)
    return ResumePoint(
      firstSequence: 1, version: header.version, offset: UInt64(LogFormat.fileHeaderBytes), fileBytes: made.bytes,
      previous: made.checksum,
      carried: 0)
  }
}

extension LogIdentity {
  fileprivate static func random() -> LogIdentity {
    var generator = SystemRandomNumberGenerator()
    return LogIdentity(from: &generator)
  }
}
