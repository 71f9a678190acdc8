internal import Synchronization

/// The facts that a checkpoint needs of the log that it belongs to.
package struct CheckpointBase: Sendable, Hashable {
  /// The last record that the checkpoint covers; the segment after it begins with the next one and is on disk.
  package let covered: UInt64
  package let identity: LogIdentity
  package let epoch: UInt32
  /// `LogStatistics.bytesWritten` up to the cut.
  package let bytesWritten: UInt64
  /// The chain value that the segment after it carries.
  let previous: UInt32
}

/// The end of a segment, asked for at one place among the records.
package final class SegmentCut: Sendable {
  private struct State {
    var result: Result<CheckpointBase, LogError>?
    var waiter: CheckedContinuation<Result<CheckpointBase, LogError>, Never>?
  }

  private let state = Mutex(State())
  /// The file in which the next segment begins.
  let unnamed: UnnamedSegment

  init(in unnamed: UnnamedSegment) {
    self.unnamed = unnamed
  }

  /// The first result stays.
  func resolve(_ result: Result<CheckpointBase, LogError>) {
    let waiter = state.withLock { state in
      guard state.result == nil else { return nil as CheckedContinuation<Result<CheckpointBase, LogError>, Never>? }
      state.result = result
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: result)
  }

  /// Waits until every record before the cut and the new segment are on disk.
  ///
  /// Only one caller can wait.
  package func base() async throws(LogError) -> CheckpointBase {
    let result = await withCheckedContinuation { continuation in
      let known = state.withLock { state in
        if state.result == nil { state.waiter = continuation }
        return state.result
      }
      if let known { continuation.resume(returning: known) }
    }
    return try result.get()
  }
}
