internal import Synchronization

/// The sessions whose access tokens must be refused although they have not expired: what a verifier in this
/// process asks, from any thread and without the ledger.
///
/// A session is in it from the moment of the decision, before that is durable: whoever was not told yet may see its access tokens
/// refused, and accepted again after a crash that undid the decision. While it is empty a look-up is one atomic load. A session stays in it for the longest lifetime that an access
/// token can have (``Lifetimes/accessMillisecondsMax``) after its revocation.
public final class RevokedSessions: Sendable {
  private let count = Atomic<Int>(0)
  private let ends = Mutex<[SessionID: Timestamp]>([:])

  init() {}

  /// Whether access tokens of the session are refused. Never blocks on I/O.
  @inline(__always)
  public func contains(_ session: SessionID) -> Bool {
    guard count.load(ordering: .acquiring) != 0 else { return false }
    return ends.withLock { $0[session] != nil }
  }

  func insert(_ session: SessionID, until end: Timestamp) {
    ends.withLock { ends in
      ends[session] = max(ends[session] ?? .zero, end)
      count.store(ends.count, ordering: .releasing)
    }
  }

  /// Forgets the sessions none of whose access tokens can be valid at `now`.
  func forgetEnded(at now: Timestamp) {
    guard count.load(ordering: .relaxed) != 0 else { return }
    ends.withLock { ends in
      ends = ends.filter { $0.value > now }
      count.store(ends.count, ordering: .releasing)
    }
  }
}
