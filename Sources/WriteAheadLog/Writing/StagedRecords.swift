internal import Synchronization

/// The records that wait to be written: filled by the one writer, emptied by the log's thread, each without waiting
/// for more than the other's few instructions.
final class StagedRecords: Sendable {
  /// The records that become one frame.
  struct Batch {
    var payload: [UInt8] = []
    var recordCount: UInt32 = 0
    /// A new segment begins after this batch, which can be without records.
    var cut: SegmentCut?
  }

  private struct State {
    var lastSequence: UInt64
    /// The last one is being filled.
    var batches: [Batch] = []
    /// Emptied, with their memory.
    var spare: [Batch] = []
    /// The bytes in `batches`, and those taken but not yet written.
    var bytes = 0
    var isDraining = false
    var refusal: LogError?
    /// The last one asked for.
    var cut: SegmentCut?
  }

  /// A frame that has reached this many payload bytes takes no further record.
  static let frameBytesTarget = 256 << 10

  private let state: Mutex<State>
  private let bytesMax: Int

  init(lastSequence: UInt64, bytesMax: Int) {
    state = Mutex(State(lastSequence: lastSequence))
    self.bytesMax = bytesMax
  }

  func reserve() throws(LogError) {
    let refusal: LogError? = state.withLock { state in
      state.refusal ?? (state.bytes > bytesMax ? .overloaded : nil)
    }
    if let refusal { throw refusal }
  }

  /// Returns true if the caller must start a drain.
  func stage(sequence: UInt64, _ encode: (_ payload: inout [UInt8], _ startsFrame: Bool) -> Void) -> Bool {
    state.withLock { state in
      precondition(sequence == state.lastSequence + 1, "records are staged in the order of their sequence")
      state.lastSequence = sequence
      guard state.refusal == nil else { return false }
      let startsFrame =
        (state.batches.last?.payload.count ?? .max) >= Self.frameBytesTarget || state.batches.last?.cut != nil
      if startsFrame { state.batches.append(state.spare.popLast() ?? Batch()) }
      let index = state.batches.count - 1
      let before = state.batches[index].payload.count
      encode(&state.batches[index].payload, startsFrame)
      let after = state.batches[index].payload.count
      precondition(after > before, "a record has at least one byte")
      precondition(after <= LogFormat.payloadBytesMax, "a record has at most 768 KiB")
      state.batches[index].recordCount += 1
      state.bytes += after - before
      defer { state.isDraining = true }
      return !state.isDraining
    }
  }

  /// Asks for a new segment after what is staged so far; at most one is under way at a time.
  ///
  /// - Returns: The cut, and whether the caller must start a drain.
  func stageCut(in unnamed: UnnamedSegment) -> (cut: SegmentCut, mustDrain: Bool) {
    let cut = SegmentCut(in: unnamed)
    let mustDrain = state.withLock { state in
      if let refusal = state.refusal {
        cut.resolve(.failure(refusal))
        return false
      }
      if state.batches.isEmpty { state.batches.append(state.spare.popLast() ?? Batch()) }
      state.batches[state.batches.count - 1].cut = cut
      state.cut = cut
      defer { state.isDraining = true }
      return !state.isDraining
    }
    return (cut, mustDrain)
  }

  /// Nothing more is written: who waits for a cut is told so.
  func failCut(with failure: LogError) {
    let cut = state.withLock { $0.cut }
    cut?.resolve(.failure(failure))
  }

  /// Moves everything staged into `taken`, which must be empty; returns false, and ends the drain, if nothing is.
  func take(into taken: inout [Batch]) -> Bool {
    state.withLock { state in
      guard !state.batches.isEmpty else {
        state.isDraining = false
        return false
      }
      swap(&state.batches, &taken)
      return true
    }
  }

  /// Gives the memory of written batches back, and makes room for as many bytes.
  func recycle(_ written: inout [Batch]) {
    for index in written.indices {
      written[index].recordCount = 0
      written[index].cut = nil
    }
    state.withLock { state in
      for var batch in written {
        state.bytes -= batch.payload.count
        guard state.spare.count < 2 else { continue }
        batch.payload.removeAll(keepingCapacity: true)
        state.spare.append(batch)
      }
    }
    written.removeAll(keepingCapacity: true)
  }

  /// Takes nothing more, for `failure`; the first one stays.
  ///
  /// Records that are staged already can still be taken.
  func refuse(with failure: LogError) {
    state.withLock { state in
      if state.refusal == nil { state.refusal = failure }
    }
  }
}
