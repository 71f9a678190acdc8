package import WriteAheadLog

/// A reader of the frames of a log in order.
///
/// The reader checks every record against the ones before it and describes it.
package struct LedgerRecordReader {
  private var replay = LedgerReplay()

  package init() {}

  /// The number of sessions that can still be rotated after the records read so far, if they have not expired.
  package var liveSessionCount: Int { replay.state.liveSessionCount }

  /// The highest time of the records read so far, which is the lower bound of the ledger's clock.
  package var highestTime: Timestamp { replay.state.highestTime }

  /// The number of seconds by which the ledger's time was ahead of the wall clock at the last record read.
  package var shiftSeconds: Int64 { replay.state.shifts.seconds }

  /// Returns the sessions that are live at `now` after the records read so far, in the order of their openings.
  package func sessions(of scope: SessionScope, at now: Timestamp) -> [Session] {
    let now = max(now, replay.state.highestTime)
    let scopes = replay.state.scopes(meantBy: scope, OtherSpellings(in: replay.state))
    var sessions: [Session] = []
    var cursor: SlotCursor?
    repeat {
      let page = replay.state.page(of: scopes, after: cursor, limit: .max, at: now)
      sessions += page?.sessions ?? []
      cursor = page?.next.flatMap { SlotCursor($0) }
    } while cursor != nil
    return sessions.sorted { ($0.openedAt, $0.id) < ($1.openedAt, $1.id) }
  }

  /// Returns the session if it is live at `now` after the records read so far.
  package func session(_ id: SessionID, at now: Timestamp) -> Session? {
    guard let slot = replay.state.table.slot(of: id),
      replay.state.isUsable(slot, at: max(now, replay.state.highestTime))
    else { return nil }
    return replay.state.session(at: slot)
  }

  /// Returns the names that are not in NFC, of subjects and of clients with sessions that are live at `now`.
  package func namesInOtherForms(at now: Timestamp) -> (subjects: [String], clients: [String]) {
    let now = max(now, replay.state.highestTime)
    func areLive(_ scope: SessionScope) -> Bool {
      replay.state.page(of: scope, after: nil, limit: 1, at: now)?.sessions.isEmpty == false
    }
    let names = OtherSpellings(in: replay.state).names
    return (names.filter { areLive(.subject($0)) }, names.filter { areLive(.client($0)) })
  }

  /// Reads one frame.
  ///
  /// Records are only described if `visit` is given.
  package mutating func read(
    _ frame: LogFrame, _ payload: Span<UInt8>, visit: ((LedgerRecord) -> Void)? = nil
  ) throws(RecordError) {
    var sequence = frame.firstSequence
    try replay.apply(
      frame, payload,
      visit: { event, time, state in
        visit?(LedgerRecord(event, sequence: sequence, time: time, before: state))
        sequence += 1
      },
      visitEntry: { entry, state in
        if let visit, let record = LedgerRecord(entry, sequence: frame.firstSequence, in: state) { visit(record) }
      })
  }
}
