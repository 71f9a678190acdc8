/// An entry of a checkpoint.
///
/// Entries come in this order: the state, names, profiles, slots, marks, revoked access tokens, used proofs, the end
/// (docs/wal-format.md, section 6).
package enum CheckpointEntry: Sendable, Equatable {
  case state(highestTime: Timestamp, shifts: [TimeShifts.Change])
  case name(number: UInt32, text: String)
  case profile(number: UInt32, SessionProfile)
  /// A session or a one-time token. Only a session has the name of a label, and keys; the payload of a session is its
  /// attributes.
  case slot(UInt32, SessionEntry, label: UInt32, payload: [UInt8], keys: SessionKeys = SessionKeys())
  case mark(MarkKey, time: Timestamp)
  case revokedToken(TokenID, end: Timestamp)
  case usedProof(Digest256, end: Timestamp)
  case end(CheckpointCounts)
}

/// The number of entries of each kind in a checkpoint.
package struct CheckpointCounts: Sendable, Equatable {
  package var names: UInt32 = 0
  package var profiles: UInt32 = 0
  /// The number of sessions and one-time tokens.
  package var slots: UInt32 = 0
  package var marks: UInt32 = 0
  package var revokedTokens: UInt32 = 0
  package var usedProofs: UInt32 = 0
}

/// The first byte of an entry of a checkpoint.
///
/// No kind of record has the same number.
enum CheckpointEntryKind: UInt8 {
  case state = 64
  case name = 65
  case profile = 66
  case session = 67
  case oneTimeToken = 68
  case end = 69
  case mark = 70
  case revokedToken = 71
  case stateWithShifts = 72
  case profileWithVersion = 73
  case sessionWithVersion = 74
  case sessionWithParts = 75
  case usedProof = 76
  case endWithProofs = 77

  /// The number of bytes before a text or payload, including the kind.
  var fixedBytes: Int {
    switch self {
    case .state: 9
    case .stateWithShifts: 11
    case .name: 7
    case .profile: 30
    case .profileWithVersion: 38
    case .session: 55
    case .sessionWithVersion: 63
    case .sessionWithParts: 64
    case .oneTimeToken: 44
    case .end: 21
    case .endWithProofs: 25
    case .mark: 18
    case .revokedToken: 25
    case .usedProof: 41
    }
  }
}

/// The state after one record, taken in one step.
///
/// A snapshot costs a reference for each 512 entries, whatever happens to the ledger afterwards. While it is held, the
/// first change of each page copies that page.
struct LedgerSnapshot: Sendable {
  /// The last record that the snapshot covers.
  let sequence: UInt64
  let highestTime: Timestamp
  let shifts: [TimeShifts.Change]
  let entries: PagedArray<SessionEntry>
  let names: PagedArray<String?>
  let profiles: PagedArray<SessionProfile?>
  let payloads: PayloadTable
  let labels: LabelTable
  let marks: RevocationMarks
  let keys: KeyTable
  let accessKeys: KeyTable
  let revokedTokens: [TokenID: Timestamp]
  let proofs: PagedArray<UsedProofs.Entry>
  /// The number of entries that are not free.
  let entryCount: Int

  /// Returns the keys of the session in a slot.
  func keys(at slot: UInt32) -> SessionKeys { SessionKeys(lifelong: keys[slot], ofLastUse: accessKeys[slot]) }

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
    keys = state.keys
    accessKeys = state.accessKeys
    revokedTokens = state.revokedTokens
    proofs = state.proofs.entries
    entryCount = state.table.count
  }
}
