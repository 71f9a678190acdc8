internal import SystemPackage

/// Copies a log while a server writes to it.
package enum LogCopy {
  /// A checkpoint may replace the files that were to be copied; then the copy begins again.
  private static let attemptsMax = 16

  /// Copies the log up to its last whole frame into an empty folder, with a mark that keeps it from being served as it
  /// is.
  ///
  /// All of it is checked before a byte is copied, and durable on return. What was acknowledged before the call is in
  /// it.
  /// - Parameter onProgress: called for each piece that was copied; begins again where the copy does.
  /// - Throws: `.corrupt` where the source is damaged; `.io` with `EEXIST` where the target holds a log.
  package static func make(
    of source: some LogStorage, in target: some LogStorage, onProgress: (ReplayProgress) -> Void = { _ in }
  ) throws(LogError) -> LogSummary {
    let lock = try target.lock()
    defer { withExtendedLifetime(lock) {} }
    let listing = LogListing(names: try target.names())
    guard listing.segments.isEmpty, listing.checkpoints.isEmpty else {
      throw .io(operation: "copy a log to", path: target.path, errno: Errno.fileExists.rawValue)
    }
    try RollbackMark.set(in: target)
    var attempt = 1
    while true {
      do throws(LogError) {
        return try copyOnce(source, to: target, onProgress)
      } catch {
        guard error.isMissingFile, attempt < attemptsMax else { throw error }
        attempt += 1
        let listing = LogListing(names: try target.names())
        for name in listing.neededNames + listing.obsoleteNames { try target.remove(name) }
      }
    }
  }

  private static func copyOnce(
    _ source: some LogStorage, to target: some LogStorage, _ onProgress: (ReplayProgress) -> Void
  ) throws(LogError) -> LogSummary {
    let summary = try LogReader.read(storage: source) { _, _ in }
    var files = summary.segments.map { (name: $0.name, bytes: $0.bytes) }
    if let covered = summary.checkpointSequence {
      let name = LogListing.checkpointName(covered)
      files.insert((name, try source.open(name, for: .reading).size()), at: 0)
    }
    let total = files.reduce(0) { $0 + $1.bytes }
    var done: UInt64 = 0
    for (name, bytes) in files {
      let copy = try target.open(name, for: .creating)
      try source.open(name, for: .reading).copy(from: 0, bytes: bytes, to: copy) { count in
        done += count
        onProgress(ReplayProgress(bytesRead: done, bytesTotal: total, records: summary.records))
      }
    }
    try target.syncDirectory()
    return summary
  }
}
