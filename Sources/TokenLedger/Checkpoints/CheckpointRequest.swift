package import WriteAheadLog

/// The report on a written checkpoint.
public struct CheckpointReport: Sendable, Hashable {
  /// The last record that the checkpoint covers.
  public var sequence: UInt64
  /// The number of sessions and one-time tokens in the checkpoint.
  public var entries: Int
  /// The size of the file in bytes.
  public var bytes: UInt64
  /// The number of segments that the checkpoint replaced and that were removed.
  public var segmentsRemoved: Int
}

/// The progress of writing a checkpoint.
public struct CheckpointProgress: Sendable, Hashable {
  public var entriesWritten: Int
  public var entriesTotal: Int
}

/// A file in the log's folder by which another process asks the holder of the log for a checkpoint.
///
/// The holder writes its progress into the file: the entries written and all entries, in decimal.
package enum CheckpointRequest {
  package static let fileName = "checkpoint.request"

  package static func make(in storage: any LogStorage) throws(LogError) {
    _ = try storage.open(fileName, for: .creating)
  }

  package static func isMade(in storage: any LogStorage) throws(LogError) -> Bool {
    try storage.names().contains(fileName)
  }

  /// Returns the progress, or nil before the writing began and after it ended.
  package static func progress(in storage: any LogStorage) throws(LogError) -> CheckpointProgress? {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count: Int
    do throws(LogError) {
      count = try storage.open(fileName, for: .reading).read(into: &bytes, 0..<bytes.count, at: 0)
    } catch {
      guard error.isMissingFile else { throw error }
      return nil
    }
    let figures = String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isWhitespace).map { Int($0) }
    guard figures.count == 2, let written = figures[0], let total = figures[1] else { return nil }
    return CheckpointProgress(entriesWritten: written, entriesTotal: total)
  }
}
