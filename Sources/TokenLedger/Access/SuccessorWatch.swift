internal import Synchronization

/// A channel by which a verifier tells the ledger that an access token was seen, so that the grace window of its
/// predecessor closes.
///
/// While no window can be open, a note costs one atomic load. The ledger takes the notes at its next step of any kind,
/// so that a refresh knows everything that a verifier saw before the refresh began.
package final class SuccessorWatch: Sendable {
  /// The time until which a window can be open, in milliseconds since the epoch.
  private let openUntil: Atomic<Int64>
  private let hasNotes = Atomic<Bool>(false)
  private let notes = Mutex<Set<TokenID>>([])

  /// - Parameter end: The time until which windows of an earlier opening of the log can be open.
  init(openUntil end: Timestamp) {
    openUntil = Atomic(end.milliseconds)
  }

  /// Notes that an access token with this `jti` was verified.
  ///
  /// `issuedAt` is its `iat`, in seconds since the epoch.
  @inline(__always)
  package func note(_ token: TokenID, issuedAt: Int64, now: Timestamp) {
    guard now.milliseconds < openUntil.load(ordering: .relaxed), token.generation > 0 else { return }
    let age = now.seconds.subtractingReportingOverflow(issuedAt).partialValue
    guard age <= RotationRequest.graceMillisecondsMax / 1000 else { return }
    notes.withLock { notes in
      notes.insert(token)
      hasNotes.store(true, ordering: .releasing)
    }
  }

  /// Notes that a window was opened that ends at `end`.
  func expectUse(until end: Timestamp) {
    openUntil.max(end.milliseconds, ordering: .relaxed)
  }

  /// Returns the notes since the last call, in an order that follows from them alone, since it becomes that of records.
  func take() -> [TokenID] {
    guard hasNotes.load(ordering: .acquiring) else { return [] }
    let taken = notes.withLock { notes in
      hasNotes.store(false, ordering: .releasing)
      defer { notes = [] }
      return notes
    }
    return taken.sorted { ($0.session, $0.generation) < ($1.session, $1.generation) }
  }
}
