#if Postgres
public import RotationModel
internal import Synchronization

/// The background work of a ledger.
extension PostgresLedger {
  /// Reports the state of the database, removes what has ended, and maintains partitions for the events, until the task
  /// is cancelled.
  public func run(_ notice: @escaping @Sendable (LedgerNotice) -> Void) async {
    knowledge.setNotice(notice)
    await withDiscardingTaskGroup { group in
      group.addTask { await self.upkeep.run() }
      var watch = LedgerWatch(unknownCount: lanes.queue.unknownOutcomes.count)
      while (try? await Task.sleep(for: .milliseconds(200))) != nil {
        watch.look(at: self, notice)
      }
      group.cancelAll()
    }
    knowledge.setNotice(nil)
  }

  /// The periodic work of a running ledger.
  package var upkeep: LedgerUpkeep { LedgerUpkeep(lanes, options: options) }

  /// The figures of the ledger, or the last known ones if the database does not answer within a second.
  public var statistics: LedgerStatistics {
    get async {
      var statistics =
        lastStatistics.withLock { $0 }
        ?? LedgerStatistics(
          liveSessions: 0, entries: 0, sequence: 0, durableSequence: 0, logBytes: 0, clockShiftSeconds: 0,
          isWritable: true)
      do throws(LedgerError) {
        statistics = try await lanes.perform(limit: .now + .seconds(1)) {
          (connection, _, deadline) throws(DatabaseError) in
          try ReadingSteps.statistics(on: connection, deadline: deadline)
        }
        lastStatistics.withLock { [statistics] in $0 = statistics }
      } catch {
        // The former figures are returned, and the health tells the reason.
      }
      let health = health
      statistics.durableSequence = min(statistics.sequence, UInt64(clamping: knowledge.eventFloor.value))
      statistics.clockShiftSeconds = health.clockShiftSeconds
      if case .closed = health.state { statistics.isWritable = false }
      return statistics
    }
  }
}

/// The state of a ledger that was reported last.
private struct LedgerWatch {
  private var isAway = false
  private var isStale = false
  private var isFenced = false
  private var unknownCount: Int

  init(unknownCount: Int) { self.unknownCount = unknownCount }

  mutating func look(at ledger: PostgresLedger, _ notice: (LedgerNotice) -> Void) {
    let health = ledger.health
    var isAway = false
    if case .unavailable = health.state { isAway = true }
    if isAway != self.isAway {
      let why = ledger.lanes.queue.outage?.why ?? ledger.knowledge.awayReason ?? "the database does not answer"
      notice(isAway ? .becameUnavailable(why) : .becameAvailable)
      self.isAway = isAway
    }
    let fenced = ledger.knowledge.condition.fenced
    if let fenced, !isFenced { notice(.fenced(fenced)) }
    isFenced = fenced != nil
    let isStale = ledger.knowledge.age.isStale
    if isStale != self.isStale {
      notice(isStale ? .feedBecameStale(health.feedAge ?? .zero) : .feedCaughtUp)
      self.isStale = isStale
    }
    let unknown = ledger.lanes.queue.unknownOutcomes
    if unknown.count != unknownCount {
      notice(.outcomeUnknown(unknown.latest))
      unknownCount = unknown.count
    }
  }
}
#endif
