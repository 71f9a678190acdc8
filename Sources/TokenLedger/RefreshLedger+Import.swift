import WriteAheadLog

/// A session that is brought in from elsewhere, under an id that its caller works out from what it brings.
package struct SessionImport: Sendable, Hashable {
  package var id: SessionID
  package var grant: SessionGrant

  package init(id: SessionID, grant: SessionGrant) {
    self.id = id
    self.grant = grant
  }
}

package enum SessionImportOutcome: Sendable, Hashable {
  case opened(Session)
  /// The id was there already: its session as it is now, nil where it has ended.
  case present(Session?)
}

extension RefreshLedger {
  /// Opens those sessions of a batch whose ids are not there yet, in their order, in one step and with one commit for all.
  ///
  /// So a batch that was cut off can be given again: what of it had become durable is present then. An id is forgotten some time after its
  /// session has ended.
  /// - Throws: `LedgerFailure.invalid` if one of them is outside its limits or there are more than ``batchMax``, `.full`; then none was opened.
  package func stageImport(_ batch: [SessionImport]) throws(LedgerFailure) -> Staged<[SessionImportOutcome]> {
    try check(batchOf: batch.count)
    for item in batch { try check(item.grant) }
    let now = try begin()
    guard state.table.hasRoom(for: batch.count) else { throw .full }
    var outcomes: [SessionImportOutcome] = []
    outcomes.reserveCapacity(batch.count)
    for item in batch {
      if let slot = inPlace({ $0.table.slot(of: item.id) }) {
        outcomes.append(.present(inPlace { $0.isUsable(slot, at: now) ? $0.session(at: slot) : nil }))
      } else {
        outcomes.append(.opened(try open(item.grant, as: item.id, at: now)))
      }
    }
    return Staged(outcome: outcomes, sequence: sequence, time: now, shift: state.shifts.seconds)
  }
}
