internal import Synchronization

/// The revocations that living access tokens can still fall under, for verifiers on any thread.
///
/// A question costs one atomic load and no lock while nothing is revoked whose access tokens can be alive.
package final class RevocationTable: Sendable {
  private let count = Atomic<Int>(0)
  private let lists = Mutex(RevocationLists())
  package let journal = RevocationJournal()

  package init() {}

  /// Adds revocations, whose access tokens are refused from the moment this returns.
  package func insert(_ revocations: [Revocation]) {
    change { lists in journal.append(revocations.filter { lists.insert($0) }) }
  }

  /// Puts other lists in the place of all that was known.
  package func replace(with others: RevocationLists) {
    change { $0 = others }
  }

  /// Forgets the entries that concern no valid access token any more.
  package func forgetEnded(at now: Timestamp) {
    change { $0.forgetEnded(at: now) }
  }

  private func change(_ body: (inout sending RevocationLists) -> Void) {
    lists.withLock { lists in
      body(&lists)
      count.store(lists.count, ordering: .releasing)
    }
  }

  /// The number of sessions, access tokens and scopes that are refused.
  package var entryCount: Int { count.load(ordering: .relaxed) }

  /// The number of all entries, exemptions included.
  package var size: Int { lists.withLock(\.size) }

  package func isRefused(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool {
    guard count.load(ordering: .acquiring) != 0 else { return false }
    return lists.withLock { $0.isRefused(token, subject: subject, client: client, issuedAt: issuedAt) }
  }

  package func isMarked(subject: String, client: String, issuedAt: Int64) -> Bool {
    guard count.load(ordering: .acquiring) != 0 else { return false }
    return lists.withLock { $0.isMarked(subject: subject, client: client, issuedAt: issuedAt) }
  }

  /// Returns everything that is listed, and the cursor after it.
  package func listing() -> (revocations: [Revocation], cursor: RevocationJournal.Cursor) {
    // Under the lock a reference to the lists is taken; their entries are visited after it.
    let (listed, cursor) = lists.withLock { ($0, journal.follow()) }
    return (listed.all, cursor)
  }
}
