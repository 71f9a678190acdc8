/// A fact that changed the ledger.
///
/// The log holds one record for each event, and nothing else changes the state.
///
/// Events refer to slots, names and profiles by number. The numbers are part of the facts, so that a ledger that
/// replays the events has the same numbers as the ledger that wrote them.
package enum LedgerEvent: Sendable, Hashable {
  case named(number: UInt32, text: String)
  case profiled(number: UInt32, profile: SessionProfile)
  /// A session was opened; `version` is that of the subject's account.
  case opened(
    slot: UInt32, id: SessionID, subject: UInt32, profile: UInt32, label: UInt32, version: AccountVersion,
    keys: SessionKeys = SessionKeys(), attributes: [UInt8] = [])
  /// A session was rotated; `generation` is the new live one. `key` is the one that its access token is bound to, nil
  /// for none and for a session that is bound to a key for its life.
  case rotated(slot: UInt32, generation: UInt32, narrowedScope: UInt32, key: Digest256? = nil)
  /// A proof of a key was accepted, which counts until its end.
  case proofUsed(Digest256, end: Timestamp)
  case retried(slot: UInt32, ReuseClass)
  /// A consumed token was presented again. The session is revoked with it if `revokes` is true.
  case reused(slot: UInt32, ReuseClass, generationsBehind: UInt32, revokes: Bool)
  /// The live token was seen as an access token, which closes the grace window.
  case successorSeen(slot: UInt32)
  case reprofiled(slot: UInt32, profile: UInt32)
  case revoked(slot: UInt32, cause: RevocationCause)
  /// Everything that the key names and that was opened before the time of the event was revoked.
  case revokedBefore(MarkKey)
  case markEnded(MarkKey)
  case accessRevoked(TokenID, end: Timestamp)
  /// The entries in these slots have ended, and the slots are free again.
  case expired(slots: [UInt32])
  case oneTimeIssued(
    slot: UInt32, id: SessionID, subject: UInt32, purpose: UInt32, endsAt: Timestamp, payload: [UInt8])
  case oneTimeConsumed(slot: UInt32)
  /// The record carries only its time, which a later opening must not fall behind.
  case clockSeen
  /// From the time of this record on the ledger's time is ahead of the wall clock by this many whole seconds.
  case shifted(seconds: Int64)
}
