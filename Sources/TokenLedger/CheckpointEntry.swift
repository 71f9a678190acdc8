/// What a checkpoint holds, in this order: the state entry, names, profiles, slots, the end (docs/wal-format.md, section 6).
package enum CheckpointEntry: Sendable, Equatable {
  case state(highestTime: Timestamp)
  case name(number: UInt32, text: String)
  case profile(number: UInt32, SessionProfile)
  /// A session or a one-time token; a payload only with the latter.
  case slot(UInt32, SessionEntry, payload: [UInt8])
  case end(names: UInt32, profiles: UInt32, entries: UInt32)
}

/// The first byte of a checkpoint's entry. No kind of record has the same number.
enum CheckpointEntryKind: UInt8 {
  case state = 64
  case name = 65
  case profile = 66
  case session = 67
  case oneTimeToken = 68
  case end = 69

  /// All bytes before a text or payload, the kind included.
  var fixedBytes: Int {
    switch self {
    case .state: 9
    case .name: 7
    case .profile: 29
    case .session: 50
    case .oneTimeToken: 44
    case .end: 13
    }
  }
}
