internal import Synchronization
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

  package static func make(in storage: any LogStorage) throws(LogFailure) {
    _ = try storage.open(fileName, for: .creating)
  }

  package static func isMade(in storage: any LogStorage) throws(LogFailure) -> Bool {
    try storage.names().contains(fileName)
  }

  /// Nil before the writing began, and once it ended.
  package static func progress(in storage: any LogStorage) throws(LogFailure) -> CheckpointProgress? {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count: Int
    do throws(LogFailure) {
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

extension RefreshLedger {
  /// Whether another process asked for a checkpoint: reads the folder, so for a heartbeat.
  package nonisolated var isCheckpointRequested: Bool {
    guard let log else { return false }
    return (try? CheckpointRequest.isMade(in: log.storage)) ?? false
  }

  /// For ``checkpoint(onProgress:)``: tells whoever asked how far it has come, once for each percent. Nothing where nobody did;
  /// where it fails they wait without knowing.
  package nonisolated func tellingCheckpointRequest() -> @Sendable (CheckpointProgress) -> Void {
    guard let file = try? log?.storage.open(CheckpointRequest.fileName, for: .writing) else { return { _ in } }
    let told = Mutex(-1)
    return { progress in
      told.withLock { told in
        let percent = progress.entriesWritten * 100 / max(1, progress.entriesTotal)
        guard percent > told else { return }
        told = percent
        // Never shorter than the text before, which it overwrites.
        let text = Array("\(progress.entriesWritten) \(progress.entriesTotal)\n".utf8)
        _ = try? file.write(text.span, at: 0)
      }
    }
  }

  /// Tells who asked that it was tried.
  package nonisolated func endCheckpointRequest() {
    try? log?.storage.remove(CheckpointRequest.fileName)
  }
}
