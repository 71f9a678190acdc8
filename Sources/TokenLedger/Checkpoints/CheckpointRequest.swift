package import WriteAheadLog

/// What a checkpoint came to.
public struct CheckpointReport: Sendable, Hashable {
  /// The last record that it covers.
  public var sequence: UInt64
  /// Sessions and one-time tokens in it.
  public var entries: Int
  /// Of the file.
  public var bytes: UInt64
  /// Segments that it replaced and that are gone now.
  public var segmentsRemoved: Int
}

/// How far the writing of a checkpoint has come.
public struct CheckpointProgress: Sendable, Hashable {
  public var entriesWritten: Int
  public var entriesTotal: Int
}

/// A file in the log's folder by which another process asks whoever holds the log for a checkpoint, and in which it is told how far
/// that has come: entries written and entries in all, in decimal.
package enum CheckpointRequest {
  package static let fileName = "checkpoint.request"

  package static func make(in storage: any LogStorage) throws(LogError) {
    _ = try storage.open(fileName, for: .creating)
  }

  package static func isMade(in storage: any LogStorage) throws(LogError) -> Bool {
    try storage.names().contains(fileName)
  }

  /// Nil before the writing began, and once it ended.
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
