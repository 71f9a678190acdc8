internal import SystemPackage

/// A copier of a log, which can work while a server writes to the log.
package enum LogCopy {
  /// The most attempts: a checkpoint can replace the files that are being copied, and the copy then begins again.
  private static let attemptsMax = 16

  /// Copies the log up to its last whole frame into an empty folder, with a mark that keeps the copy from being served
  /// as it is.
  ///
  /// The whole log is checked before a byte is copied. The copy is durable on return, and holds everything that was
  /// acknowledged before the call.
  ///
  /// - Parameters:
  ///   - source: The folder of the log, which is only read.
  ///   - target: The folder of the copy, whose lock is held during the call.
  ///   - onProgress: A closure that is called for each copied piece. Its figures begin again if the copy does.
  /// - Returns: The summary of what was copied.
  /// - Throws: `.corrupt` or `.unsupportedVersion` if the source cannot be read; `.locked` if the target is in use;
  ///   `.io`, with `EEXIST` if the target holds a log.
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
