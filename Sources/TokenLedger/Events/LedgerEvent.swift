/// A fact that changed the ledger. The log holds one record for each, and nothing else changes state.
///
/// Slots, names and profiles are spoken of by number: the numbers are part of the facts, so that the ledger that
/// replays them has the same ones as the ledger that wrote them.
package enum LedgerEvent: Sendable, Hashable {
  case named(number: UInt32, text: String)
  case profiled(number: UInt32, profile: SessionProfile)
  /// `version`: of the subject's account.
  case opened(
    slot: UInt32, id: SessionID, subject: UInt32, profile: UInt32, label: UInt32, version: AccountVersion)
  /// `generation` is the new live one.
  case rotated(slot: UInt32, generation: UInt32, narrowedScope: UInt32)
  case retried(slot: UInt32, ReuseClass)
  /// The session is revoked with it if `revokes`.
  case reused(slot: UInt32, ReuseClass, generationsBehind: UInt32, revokes: Bool)
  /// Closes the grace window.
  case successorSeen(slot: UInt32)
  case reprofiled(slot: UInt32, profile: UInt32)
  case revoked(slot: UInt32, cause: RevocationCause)
  /// Revokes what the key names and was opened before the time of the event.
  case revokedBefore(MarkKey)
  case markEnded(MarkKey)
  case accessRevoked(TokenID, end: Timestamp)
  /// The slots of entries that have ended; they are free again.
  case expired(slots: [UInt32])
  case oneTimeIssued(
    slot: UInt32, id: SessionID, subject: UInt32, purpose: UInt32, endsAt: Timestamp, payload: [UInt8])
  case oneTimeConsumed(slot: UInt32)
  /// Nothing but the time of the record, which a later opening must not fall behind.
  case clockSeen
  /// From this record's time on the ledger's time is ahead of the wall clock by so many whole seconds.
  case shifted(seconds: Int64)
}
