/// What one slot of the table holds: 48 bytes for a session or a one-time token.
struct SessionEntry: Sendable, Equatable {
  var idHigh: UInt64 = 0
  var openedAt = Timestamp.zero
  /// A session: when its live token was issued, or when it was revoked. A one-time token: when it ends.
  var usedAt = Timestamp.zero
  var idLow: UInt32 = 0
  var generation: UInt32 = 0
  /// The number of the subject's name.
  var subject: UInt32 = 0
  /// A session: the number of its profile. A one-time token: the number of its purpose's name.
  var detail: UInt32 = 0
  /// The number of the name of the scope that the live access token was narrowed to.
  var narrowedScope: UInt32 = SessionEntry.notNarrowed
  var status = Status.free

  static let notNarrowed = UInt32.max

  enum Status: UInt8, Sendable {
    case free
    case live
    case revoked
    case oneTimeLive
    case oneTimeConsumed
  }

  var id: SessionID { SessionID(high: idHigh, low: idLow) }

  var isSession: Bool { status == .live || status == .revoked }
}

/// What many sessions have in common, kept once.
struct SessionProfile: Hashable, Sendable {
  /// The numbers of the names of client and scope.
  var client: UInt32
  var scope: UInt32
  var lifetimes: Lifetimes
}
