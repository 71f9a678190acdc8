#if Postgres
internal import RotationModel
internal import Synchronization

/// The access tokens that verifiers of this instance saw for the first time while a grace window can be open, to be
/// recorded in the rows of their sessions.
///
/// It can be used from any thread. While no instance uses a grace window, a note costs one atomic load.
final class SuccessorNotes: Sendable {
  private struct State {
    var pending: Set<TokenID> = []
    /// The tokens that were taken recently, in two halves of which the older one is forgotten first.
    ///
    /// They prevent that the token of every request is written again.
    var taken: Set<TokenID> = []
    var takenBefore: Set<TokenID> = []

    mutating func remember(_ tokens: [TokenID]) {
      taken.formUnion(tokens)
      guard taken.count >= SuccessorNotes.takenMax else { return }
      takenBefore = taken
      taken = []
    }
  }

  /// The ledger time, in milliseconds, until which a window can be open.
  private let windowsUntil = Atomic<Int64>(0)
  private let hasNotes = Atomic<Bool>(false)
  private let state = Mutex(State())

  /// The most notes that wait to be written.
  ///
  /// A note beyond them is lost, and its window stays open to its end.
  private static let pendingMax = 65_536
  private static let takenMax = 65_536

  /// Notes that an access token with this `jti` was verified.
  ///
  /// `issuedAt` is its `iat`, in seconds since the epoch.
  func note(_ token: TokenID, issuedAt: Int64, now: Timestamp) {
    guard now.milliseconds < windowsUntil.load(ordering: .relaxed), token.generation > 0 else { return }
    let age = now.seconds.subtractingReportingOverflow(issuedAt).partialValue
    guard age <= RotationRequest.graceMillisecondsMax / 1000 else { return }
    state.withLock { state in
      guard state.pending.count < Self.pendingMax, !state.taken.contains(token), !state.takenBefore.contains(token)
      else { return }
      state.pending.insert(token)
      hasNotes.store(true, ordering: .releasing)
    }
  }

  /// Notes that windows may be open until that time.
  func expectUse(untilMilliseconds end: Int64) {
    windowsUntil.max(end, ordering: .relaxed)
  }

  /// Checks whether the token was noted recently, so that its row may not have the note yet.
  func contains(_ token: TokenID) -> Bool {
    guard windowsUntil.load(ordering: .relaxed) > 0 else { return false }
    return state.withLock { $0.pending.contains(token) || $0.taken.contains(token) || $0.takenBefore.contains(token) }
  }

  /// Takes some of the waiting notes, in the order of their sessions, in which rows are locked.
  func take(most: Int) -> [TokenID] {
    guard hasNotes.load(ordering: .acquiring) else { return [] }
    return state.withLock { state in
      let tokens = state.pending.sorted { ($0.session, $0.generation) < ($1.session, $1.generation) }.prefix(most)
      state.pending.subtract(tokens)
      state.remember(Array(tokens))
      hasNotes.store(!state.pending.isEmpty, ordering: .releasing)
      return Array(tokens)
    }
  }

  /// Puts back notes that could not be written, so that they wait again.
  func putBack(_ tokens: [TokenID]) {
    guard !tokens.isEmpty else { return }
    state.withLock { state in
      state.taken.subtract(tokens)
      state.takenBefore.subtract(tokens)
      state.pending.formUnion(tokens)
      hasNotes.store(true, ordering: .releasing)
    }
  }
}
#endif
