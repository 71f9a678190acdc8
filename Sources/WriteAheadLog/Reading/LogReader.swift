/// A reader of a log that takes no lock and changes nothing.
///
/// A server can write to the log meanwhile.
package enum LogReader {
  /// The most rereads of bytes that look wrong before they are reported, since a writer can be in the middle of any
  /// write.
  private static let rereadsMax = 64

  /// Passes every frame to `visit`, in order, and checks everything.
  ///
  /// A tail that is still being written is not an error: the summary ends before it, and reports it in `tornTail` if
  /// its bytes look torn.
  ///
  /// - Throws: `.corrupt` at the first damage, `.unsupportedVersion`, `.io`.
  /// - Complexity: Reads every byte of the log, and holds about 4 MiB in memory.
  package static func read(storage: some LogStorage, visit: LogVisit) throws(LogError) -> LogSummary {
    var walk = try LogWalk(storage, rereads: rereadsMax, onProgress: { _ in })
    try walk.run(visit)
    return walk.summary
  }

  /// Returns the number of bytes in the log's files, including the zeroes written ahead.
  package static func bytes(in storage: some LogStorage) throws(LogError) -> UInt64 {
    var total: UInt64 = 0
    for name in LogListing(names: try storage.names()).neededNames {
      do throws(LogError) {
        total += try storage.open(name, for: .reading).size()
      } catch {
        // A checkpoint can replace a file after it was listed.
        guard error.isMissingFile else { throw error }
      }
    }
    return total
  }

  /// Returns the record that the newest checkpoint covers, or nil without one.
  package static func newestCheckpoint(in storage: some LogStorage) throws(LogError) -> UInt64? {
    LogListing(names: try storage.names()).checkpoints.last
  }

  /// Checks whether the log is marked as possibly older than a state it has served: a backup, or cut by a repair.
  package static func isRolledBack(_ storage: some LogStorage) throws(LogError) -> Bool {
    try RollbackMark.isSet(in: storage)
  }
}
