/// Reads a log without taking its lock and without changing anything, also while a server writes to it.
package enum LogReader {
  /// A writer may be in the middle of any write; what looks wrong is read this often again before it is called so.
  private static let rereadsMax = 64

  /// Shows every frame to `visit`, in order, and checks everything.
  ///
  /// A tail that is still being written is not an error: the summary ends before it, and where its bytes look torn,
  /// says so in `tornTail`.
  /// - Throws: `.corrupt` at the first damage, `.unsupportedVersion`, `.io`.
  /// - Complexity: reads every byte of the log; holds about 4 MiB.
  package static func read(storage: some LogStorage, visit: LogVisit) throws(LogError) -> LogSummary {
    var walk = try LogWalk(storage, rereads: rereadsMax, onProgress: { _ in })
    try walk.run(visit)
    return walk.summary
  }

  /// Counts the bytes of the log's files, the zeroes written ahead included.
  package static func bytes(in storage: some LogStorage) throws(LogError) -> UInt64 {
    var total: UInt64 = 0
    for name in LogListing(names: try storage.names()).neededNames {
      do throws(LogError) {
        total += try storage.open(name, for: .reading).size()
      } catch {
        // A checkpoint may replace a file after it was listed.
        guard error.isMissingFile else { throw error }
      }
    }
    return total
  }

  /// The record that the newest checkpoint covers; nil without one.
  package static func newestCheckpoint(in storage: some LogStorage) throws(LogError) -> UInt64? {
    LogListing(names: try storage.names()).checkpoints.last
  }

  /// Whether the log is marked as older than what was served from it: a backup, or cut by a repair.
  package static func isRolledBack(_ storage: some LogStorage) throws(LogError) -> Bool {
    try RollbackMark.isSet(in: storage)
  }
}
