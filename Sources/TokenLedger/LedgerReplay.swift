import WriteAheadLog

/// Folds the frames of a log into a state.
struct LedgerReplay {
  private(set) var state = LedgerState()

  /// Applies the records of one frame in order; throws at the first that does not decode or contradicts the state.
  ///
  /// `visit` sees each event before it is applied, with the state that it changes.
  mutating func apply(
    _ payload: Span<UInt8>, visit: (LedgerEvent, Timestamp, borrowing LedgerState) -> Void = { _, _, _ in }
  ) throws(RecordRefusal) {
    var decoder = try RecordDecoder(startOf: payload)
    while decoder.offset < payload.count {
      let start = decoder.offset
      let (event, time) = try decoder.next(in: payload) { slot in
        Int(slot) < state.table.slotCount ? state.table[slot].generation : nil
      }
      guard time >= state.highestTime else {
        throw RecordRefusal(byteOffsetInPayload: start, what: "a record's time is before that of the record before it")
      }
      if let contradiction = state.contradiction(in: event) {
        throw RecordRefusal(byteOffsetInPayload: start, what: contradiction)
      }
      visit(event, time, state)
      state.apply(event, at: time)
    }
  }

  /// The state after the last frame.
  consuming func finished() -> LedgerState {
    var state = state
    state.forgetUnused()
    return state
  }
}
