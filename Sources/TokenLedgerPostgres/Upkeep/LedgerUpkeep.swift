#if Postgres
package import RotationModel

/// The work of a ledger beside its callers: it removes what has ended, and keeps partitions for the events.
///
/// Every instance runs one; of those that would sweep at the same moment one does. Its steps run on the lanes, behind
/// the callers'.
package struct LedgerUpkeep: Sendable {
  private let steps: any StepPerformer
  private let retentionMilliseconds: Int64

  /// The time between two sweeps; partitions are looked at more rarely.
  private static let beat = Duration.seconds(5)
  private static let beatsOfPartitions = 6
  /// One pass of a sweep ends after so many steps, however much there is.
  private static let passesMax = 50

  package init(_ steps: any StepPerformer, options: PostgresOptions) {
    self.steps = steps
    retentionMilliseconds = options.eventRetention.components.seconds * 1000
  }

  /// Until the task is cancelled.
  package func run() async {
    // Instances that are started together do not sweep together.
    var beat = Int.random(in: 0..<Self.beatsOfPartitions)
    while (try? await Task.sleep(for: Self.beat)) != nil {
      beat += 1
      // What fails is tried at the next turn: the callers and the feed find out what is wrong, and tell it.
      try? await sweep()
      if beat % Self.beatsOfPartitions == 0 { try? await keepPartitions() }
    }
  }

  // MARK: - Its parts

  /// Removes what has ended, in steps.
  ///
  /// - Parameter outliving: how long rows outlive their end, in milliseconds.
  package func sweep(outliving: Int64 = LedgerSweep.outlivingMilliseconds) async throws(LedgerError) {
    for _ in 0..<Self.passesMax {
      let pass = try await steps.perform { (connection, deadline) throws(DatabaseError) in
        try LedgerSweep.pass(connection, outliving: outliving, deadline: deadline)
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
}
#endif
