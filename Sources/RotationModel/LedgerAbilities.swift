/// A ledger that reports its events.
public protocol EventLedger: SessionLedger {
  /// Returns the events from now on, or from a given position on.
  ///
  /// - Parameters:
  ///   - sequence: The ``AuditEvent/sequence`` of the last event that is already known, 0 for everything that the
  ///     ledger still holds, or nil for the events from now on.
  ///   - buffer: The number of events that are kept for a slow consumer, about 150 bytes each; see
  ///     ``Limits/eventBuffer``.
  /// - Returns: The events in order, each once it is durable, to be iterated once.
  /// - Throws: ``LedgerError/invalid(field:limit:)`` if `sequence` is ahead of the ledger, in which case it was read
  ///   from another ledger.
  func events(after sequence: UInt64?, buffer: Int) async throws(LedgerError) -> AuditEvents

  /// Returns what the ledger still knows of a session, live or ended, or nil if it keeps no history, as a ledger in
  /// memory.
  func history(of session: SessionID, within limits: HistoryLimits) async throws(LedgerError) -> SessionHistory?

  /// Returns the ended sessions of a subject that the ledger still knows, or nil if it keeps no history.
  func endedSessions(
    ofSubject subject: String, within limits: HistoryLimits
  ) async throws(LedgerError) -> EndedSessions?
}

/// A ledger that also keeps tokens that are consumed exactly once, for any purpose.
public protocol OneTimeLedger: SessionLedger {
  /// Issues a one-time token.
  ///
  /// The id is no secret. Hand it out under a signature, and present it here only once the signature is verified.
  func issue<Reply: Sendable>(
    _ grant: OneTimeGrant, reply: (SessionID, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Consumes a one-time token, once.
  func consume(_ id: SessionID, purpose: String) async throws(LedgerError) -> OneTimeConsumption
}

/// A ledger that counts proofs of keys, each once (RFC 9449 §11.1).
///
/// A ledger without this ability refuses no proof that was accepted before, so an engine on it takes none.
///
/// ``SessionLedger/rotate(_:deadline:reply:)-(RotationRequest,_,_)`` of such a ledger counts the proof of a request in
/// the same change that it is accepted for.
public protocol ProofLedger: SessionLedger {
  /// Counts a proof for which nothing else is changed in the same step, such as that of an opening.
  ///
  /// - Returns: Nil if the proof counts, which is durable then; or the reason that it does not, as
  ///   ``RotationRule/refusal(of:isCounted:at:)`` gives it.
  func count(_ proof: KeyProof) async throws(LedgerError) -> RotationRefusal?
}
