/// What one slot of the table holds: 56 bytes for a session or a one-time token.
package struct SessionEntry: Sendable, Equatable {
  package var idHigh: UInt64 = 0
  package var openedAt = Timestamp.zero
  /// A session: when its live token was issued, or when it was revoked. A one-time token: when it ends.
  package var usedAt = Timestamp.zero
  /// A session: of its subject's account.
  package var version = AccountVersion.unknown
  package var idLow: UInt32 = 0
  package var generation: UInt32 = 0
  /// The number of the subject's name.
  package var subject: UInt32 = 0
  /// A session: the number of its profile. A one-time token: the number of its purpose's name.
  package var detail: UInt32 = 0
  /// The number of the name of the scope that the live access token was narrowed to.
  package var narrowedScope: UInt32 = SessionEntry.notNarrowed
  package var status = Status.free
  /// The live generation was seen as an access token: its predecessor is not answered any more.
  package var hasUsedSuccessor = false

  package static let notNarrowed = UInt32.max

  package enum Status: UInt8, Sendable {
    case free
    case live
    case revoked
    case oneTimeLive
    case oneTimeConsumed
  }

  package var id: SessionID { SessionID(high: idHigh, low: idLow) }

  package var isSession: Bool { status == .live || status == .revoked }
}

/// What many sessions have in common, kept once.
package struct SessionProfile: Hashable, Sendable {
  /// The numbers of the names of client and scope.
  package var client: UInt32
  package var scope: UInt32
  package var terms: SessionTerms
  package var clientVersion = AccountVersion.unknown
}
