internal import Synchronization

/// By what a verifier tells the ledger that an access token was seen, so that the grace window of its predecessor closes.
///
/// While no window can be open a note is one atomic load. The ledger takes the notes at its next step, whatever that is, so of what a verifier
/// saw before a refresh began, that refresh knows.
package final class SuccessorWatch: Sendable {
  /// Milliseconds since the epoch: until then a window may be open.
  private let openUntil: Atomic<Int64>
  private let hasNotes = Atomic<Bool>(false)
  private let notes = Mutex<Set<TokenID>>([])

  /// - Parameter end: until when windows of an earlier opening of the log may be open.
  init(openUntil end: Timestamp) {
    openUntil = Atomic(end.milliseconds)
  }

  /// An access token with this `jti` was verified. `issuedAt` is its `iat`, in seconds since the epoch.
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

  /// A window was opened that ends at `end`.
  func expectUse(until end: Timestamp) {
    openUntil.max(end.milliseconds, ordering: .relaxed)
  }

  /// What was noted since the last time, in an order that follows from it alone: it becomes that of records.
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
