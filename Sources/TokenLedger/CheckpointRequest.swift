package import WriteAheadLog

/// A file in the log's folder by which another process asks whoever holds the log for a checkpoint.
package enum CheckpointRequest {
  package static let fileName = "checkpoint.request"

  package static func make(in storage: any LogStorage) throws(LogFailure) {
    _ = try storage.open(fileName, for: .creating)
  }

  package static func isMade(in storage: any LogStorage) throws(LogFailure) -> Bool {
    try storage.names().contains(fileName)
  }
}

extension RefreshLedger {
  /// Whether another process asked for a checkpoint: reads the folder, so for a heartbeat.
  package nonisolated var isCheckpointRequested: Bool {
    guard let log else { return false }
    return (try? CheckpointRequest.isMade(in: log.storage)) ?? false
  }

  /// Tells who asked that it was tried.
  package nonisolated func endCheckpointRequest() {
    try? log?.storage.remove(CheckpointRequest.fileName)
  }
}
