/// The state after one record, taken in one step: costs a reference for each 512 entries, whatever happens to the
/// ledger afterwards. While it is held, the first change of each page copies that page.
struct LedgerSnapshot: Sendable {
  /// The last record that it covers.
  let sequence: UInt64
  let highestTime: Timestamp
  let shifts: [TimeShifts.Change]
  let entries: PagedArray<SessionEntry>
  let names: PagedArray<String?>
  let profiles: PagedArray<SessionProfile?>
  let payloads: PayloadTable
  let labels: LabelTable
  let marks: RevocationMarks
  let revokedTokens: [TokenID: Timestamp]
  /// Entries that are not free.
  let entryCount: Int

  init(of state: borrowing LedgerState, sequence: UInt64) {
    self.sequence = sequence
    highestTime = state.highestTime
    shifts = state.shifts.changes
    entries = state.table.entries
    names = state.names.values
    profiles = state.profiles.values
    payloads = state.payloads
    labels = state.labels
    marks = state.marks
    revokedTokens = state.revokedTokens
    entryCount = state.table.count
  }
}
