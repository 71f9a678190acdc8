/// A fact that changed the ledger. The log holds one record for each, and nothing else changes state.
///
/// Slots, names and profiles are spoken of by number: the numbers are part of the facts, so that the ledger that
/// replays them has the same ones as the ledger that wrote them.
package enum LedgerEvent: Sendable, Hashable {
  case named(number: UInt32, text: String)
  case profiled(number: UInt32, profile: SessionProfile)
  case opened(slot: UInt32, id: SessionID, subject: UInt32, profile: UInt32)
  /// `generation` is the new live one.
  case rotated(slot: UInt32, generation: UInt32, narrowedScope: UInt32)
  case revoked(slot: UInt32, cause: RevocationCause)
  /// The slots of entries that have ended; they are free again.
  case expired(slots: [UInt32])
  case oneTimeIssued(
    slot: UInt32, id: SessionID, subject: UInt32, purpose: UInt32, endsAt: Timestamp, payload: [UInt8])
  case oneTimeConsumed(slot: UInt32)
  /// Nothing but the time of the record: an end was observed that no earlier record reaches.
  case clockSeen
}

/// Why a session was revoked.
public enum RevocationCause: UInt8, Sendable, Hashable, CaseIterable {
  /// Somebody who may asked for it.
  case requested = 1
  /// A rotated-out refresh token was presented again.
  case reuse = 2
  /// The log is older than what was served from it: it was restored or repaired, or a token proves it.
  case rollback = 3
}
