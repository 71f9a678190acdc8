#if Postgres
package import RotationModel
internal import Synchronization

/// What a ledger does beside its callers: it removes what has ended, keeps partitions for the events, counts, and tells whoever runs it how it is.
///
/// Every instance runs one; of those that would sweep at the same moment one does. Its steps run on the lanes, behind the callers'.
package struct LedgerUpkeep: Sendable {
  private let steps: any StepPerformer
  private let knowledge: InstanceKnowledge
  private let retentionMilliseconds: Int64

  /// How often the condition is looked at, which asks nobody.
  private static let beat = Duration.milliseconds(200)
  private static let beatsOfSweep = 25
  private static let beatsOfPartitions = 150
  /// One pass of a sweep ends after so many steps, however much there is.
  private static let passesMax = 50

  package init(_ steps: any StepPerformer, _ knowledge: InstanceKnowledge, options: PostgresOptions) {
    (self.steps, self.knowledge) = (steps, knowledge)
    retentionMilliseconds = options.eventRetention.components.seconds * 1000
  }

  /// Until the task is cancelled. `notice` must return at once.
  package func run(_ notice: @escaping @Sendable (LedgerNotice) -> Void) async {
    knowledge.setNotice(notice)
    defer { knowledge.setNotice(nil) }
    await withDiscardingTaskGroup { group in
      group.addTask { await self.watch(notice) }
      group.addTask { await self.tend() }
    }
  }

  /// Tells each turn of the condition once. It waits for no step: what it tells of may be why none ends.
  private func watch(_ notice: @Sendable (LedgerNotice) -> Void) async {
    var told = FeedCondition.News()
    while (try? await Task.sleep(for: Self.beat)) != nil {
      let news = knowledge.condition.news
      for turn in news.notices(after: told) { notice(turn) }
      told = news
    }
  }

  private func tend() async {
    // Instances that are started together do not sweep together.
    var beat = Int.random(in: 0..<Self.beatsOfSweep)
    while (try? await Task.sleep(for: Self.beat)) != nil {
      beat += 1
      // What fails is tried at the next turn: the callers and the feed find out what is wrong, and tell it.
      if beat % Self.beatsOfSweep == 0 {
        try? await sweep()
        try? await count()
      }
      if beat % Self.beatsOfPartitions == 0 { try? await keepPartitions() }
    }
  }

  // MARK: - Its parts

  /// Removes what has ended, in steps.
  package func sweep() async throws(LedgerError) {
    for _ in 0..<Self.passesMax {
      let pass = try await steps.perform { (connection, deadline) throws(DatabaseError) in
        try LedgerSweep.pass(connection, deadline: deadline)
      }
      guard pass.isFull else { return }
      await Task.yield()
    }
  }

  /// Makes partitions ahead, and drops those that are older than events are kept.
  package func keepPartitions() async throws(LedgerError) {
    let retention = retentionMilliseconds
    _ = try await steps.perform { (connection, deadline) throws(DatabaseError) in
      try EventPartitions.makeAhead(connection, deadline: deadline)
    }
    _ = try await steps.perform { (connection, deadline) throws(DatabaseError) in
      try EventPartitions.dropOld(connection, retentionMilliseconds: retention, deadline: deadline)
    }
  }

  /// Counts what ``statistics`` says. Done once before the ledger is handed out, too.
  package func count() async throws(LedgerError) {
    let figures = try await steps.perform { (connection, deadline) throws(DatabaseError) in
      try LedgerFigures.read(connection, deadline: deadline)
    }
    knowledge.figures.withLock { $0 = figures }
  }

  /// The figures of the last count, and what is known without one.
  package var statistics: LedgerStatistics {
    let figures = knowledge.figures.withLock { $0 }
    let health = knowledge.health
    let durable = UInt64(clamping: knowledge.eventFloor.value)
    return LedgerStatistics(
      liveSessions: figures.liveSessions, entries: figures.entries,
      sequence: max(UInt64(clamping: figures.lastNumber), durable), durableSequence: durable, logBytes: 0,
      clockShiftSeconds: health.clockShiftSeconds, isWritable: health.acceptsChanges)
  }
}
#endif
