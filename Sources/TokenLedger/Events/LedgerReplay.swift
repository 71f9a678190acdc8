package import WriteAheadLog

/// A replay of the frames of a log into a state.
package struct LedgerReplay {
  package private(set) var state = LedgerState()
  private var restore: CheckpointRestore

  /// Creates a replay into an empty state.
  ///
  /// The state's table is empty while a checkpoint of more than `slotsAlone` slots is read, since a thread fills it
  /// then.
  package init(slotsAlone: Int = .max) {
    restore = CheckpointRestore(slotsAlone: slotsAlone)
  }

  /// Applies a frame, which must hold as many records or entries as it states.
  ///
  /// `visit` is called with each event before it is applied, and with the state that the event changes. `visitEntry` is
  /// called with each entry of a checkpoint after it was added to the state.
  package mutating func apply(
    _ frame: LogFrame, _ payload: Span<UInt8>,
    visit: (LedgerEvent, Timestamp, borrowing LedgerState) -> Void = { _, _, _ in },
    visitEntry: (CheckpointEntry, borrowing LedgerState) -> Void = { _, _ in }
  ) throws(RecordError) {
    let count: Int
    switch frame.kind {
    case .records:
      count = try apply(payload, visit: visit)
    case .checkpoint:
      count = try applyEntries(payload, covered: frame.firstSequence, visitEntry)
    case .checkpointEnd:
      guard restore.isComplete else {
        throw RecordError(byteOffsetInPayload: 0, what: "the checkpoint ends without its last entry")
      }
      count = 0
    }
    guard count == frame.recordCount else {
      throw RecordError(
        byteOffsetInPayload: payload.count, what: "the frame holds \(count) records and says \(frame.recordCount)")
    }
  }

  private mutating func applyEntries(
    _ payload: Span<UInt8>, covered: UInt64, _ visit: (CheckpointEntry, borrowing LedgerState) -> Void
  ) throws(RecordError) -> Int {
    var count = 0
    var decoder = CheckpointDecoder()
    while decoder.offset < payload.count {
      let start = decoder.offset
      let entry = try decoder.next(in: payload)
      if let contradiction = restore.apply(entry, to: &state, covered: covered) {
        throw RecordError(byteOffsetInPayload: start, what: contradiction)
      }
      visit(entry, state)
      count += 1
    }
    return count
  }

  /// Applies records in order and returns their number.
  ///
  /// Throws at the first one that does not decode or contradicts the state.
  ///
  /// `visit` is called with each event before it is applied, and with the state that the event changes.
  @discardableResult
  mutating func apply(
    _ payload: Span<UInt8>, visit: (LedgerEvent, Timestamp, borrowing LedgerState) -> Void = { _, _, _ in }
  ) throws(RecordError) -> Int {
    var count = 0
    var decoder = try RecordDecoder(startOf: payload)
    while decoder.offset < payload.count {
      let start = decoder.offset
      let (event, time) = try decoder.next(in: payload) { slot in
        Int(slot) < state.table.slotCount ? state.table[slot].generation : nil
      }
      guard time >= state.highestTime else {
        throw RecordError(byteOffsetInPayload: start, what: "a record's time is before that of the record before it")
      }
      if let contradiction = state.contradiction(in: event, at: time) {
        throw RecordError(byteOffsetInPayload: start, what: contradiction)
      }
      visit(event, time, state)
      state.apply(event, at: time)
      count += 1
    }
    return count
  }
}
