#if Postgres
internal import RotationModel
internal import Synchronization
internal import TokenLedger

/// The register of what verifiers of this instance must refuse, by the instance's own calls and the feed, and of what
/// they saw.
///
/// If nothing is revoked whose access tokens can be alive, a question costs two atomic loads and no lock, however many
/// sessions there are. If the register refuses tokens while the feed is stale, it also reads the boot clock.
final class RevocationRegister: Sendable {
  private let count = Atomic<Int>(0)
  private let lists = Mutex(RevocationLists())
  let notes = SuccessorNotes()
  private let condition: FeedCondition

  /// - Parameter condition: The condition of the feed, which tells when every access token is refused.
  init(_ condition: FeedCondition) { self.condition = condition }

  /// Adds revocations, whose access tokens are refused from the moment this returns.
  func insert(_ revocations: [RevocationRow]) {
    lists.withLock { lists in
      for revocation in revocations { lists.insert(revocation) }
      count.store(lists.count, ordering: .releasing)
    }
  }

  /// Forgets the entries that concern no valid access token any more.
  func forgetEnded(at now: Timestamp) {
    lists.withLock { lists in
      lists.forgetEnded(at: now)
      count.store(lists.count, ordering: .releasing)
    }
  }

  /// The number of sessions, access tokens and scopes that are refused.
  var entryCount: Int { count.load(ordering: .relaxed) }
}

extension RevocationRegister: AccessRegister {
  func isRefused(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool {
    if condition.refusesAccess { return true }
    guard count.load(ordering: .acquiring) != 0 else { return false }
    return lists.withLock { $0.isRefused(token, subject: subject, client: client, issuedAt: issuedAt) }
  }

  func isMarked(subject: String, client: String, issuedAt: Int64) -> Bool {
    guard count.load(ordering: .acquiring) != 0 else { return false }
    return lists.withLock { $0.isMarked(subject: subject, client: client, issuedAt: issuedAt) }
  }

  func noteUse(of token: TokenID, issuedAt: Int64, now: Timestamp) {
    notes.note(token, issuedAt: issuedAt, now: now)
  }
}
#endif
