package import WriteAheadLog

/// Reads the frames of a log in order, checks every record against the ones before it, and puts it into words.
package struct LedgerRecordReader {
  private var replay = LedgerReplay()

  package init() {}

  /// Sessions that could still be rotated after the records read so far, if their time has not come.
  package var liveSessionCount: Int { replay.state.liveSessionCount }

  /// Reads one frame.
  package mutating func read(
    _ frame: LogFrame, _ payload: Span<UInt8>, visit: (LedgerRecord) -> Void = { _ in }
  ) throws(RecordRefusal) {
    var sequence = frame.firstSequence
    try replay.apply(
      frame, payload,
      visit: { event, time, state in
        visit(LedgerRecord(event, sequence: sequence, time: time, before: state))
        sequence += 1
      },
      visitEntry: { entry, state in
        if let record = LedgerRecord(entry, sequence: frame.firstSequence, in: state) { visit(record) }
      })
  }
}
