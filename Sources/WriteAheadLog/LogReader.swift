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
  package static func read(storage: some LogStorage, visit: LogVisit) throws(LogFailure) -> LogSummary {
    var walk = try LogWalk(storage, rereads: rereadsMax, onProgress: { _ in })
    try walk.run(visit)
    return walk.summary
  }
}
