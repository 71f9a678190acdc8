#if Postgres
package import RotationModel

/// The background work of a ledger: it removes what has ended, and maintains partitions for the events.
///
/// Every instance runs one; of several that would sweep at the same moment one does. Its steps run on the lanes, behind
/// those of the callers.
package struct LedgerUpkeep: Sendable {
  private let steps: any StepPerformer
  private let retentionMilliseconds: Int64

  /// The time between two sweeps; partitions are inspected less often.
  private static let beat = Duration.seconds(5)
  private static let beatsOfPartitions = 6
  /// The most steps of one sweep, however much there is.
  private static let passesMax = 50

  package init(_ steps: any StepPerformer, options: PostgresOptions) {
    self.steps = steps
    retentionMilliseconds = options.eventRetention.components.seconds * 1000
  }

  /// Runs until the task is cancelled.
  package func run() async {
    // The random start keeps instances that were started together from sweeping together.
    var beat = Int.random(in: 0..<Self.beatsOfPartitions)
    while (try? await Task.sleep(for: Self.beat)) != nil {
      beat += 1
      // A failed step is tried again at the next turn; the callers and the feed find out the cause and report it.
      try? await sweep()
      if beat % Self.beatsOfPartitions == 0 { try? await keepPartitions() }
    }
  }

  // MARK: - The parts of the work

  /// Removes what has ended, in steps.
  ///
  /// - Parameter outliving: The milliseconds by which rows outlive their end.
  /// - Throws: The errors of every call of a ledger; what earlier steps have removed stays removed.
  package func sweep(outliving: Int64 = LedgerSweep.outlivingMilliseconds) async throws(LedgerError) {
    for _ in 0..<Self.passesMax {
      let pass = try await steps.perform { (connection, deadline) throws(DatabaseError) in
        try LedgerSweep.pass(connection, outliving: outliving, deadline: deadline)
      }
      guard pass.isFull else { return }
      await Task.yield()
    }
  }

  /// Makes partitions in advance, and drops those that are older than the retention.
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
