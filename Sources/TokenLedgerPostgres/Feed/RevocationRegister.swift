#if Postgres
internal import RotationModel
internal import Synchronization
internal import TokenLedger

/// The register of what verifiers of this instance must refuse, as its own calls and the feed tell it, and what they
/// saw.
///
/// While nothing is revoked whose access tokens can live, a question costs two atomic loads and no lock, however many
/// sessions there are. If it is to refuse when the feed is old, a look at the boot clock comes to that.
final class RevocationRegister: Sendable {
  private let count = Atomic<Int>(0)
  private let lists = Mutex(RevocationLists())
  let notes = SuccessorNotes()
  private let condition: FeedCondition

  /// - Parameter condition: of the feed, which says when every access token is refused.
  init(_ condition: FeedCondition) { self.condition = condition }

  /// Has access tokens refused from the moment at which this returns.
  func insert(_ revocations: [RevocationRow]) {
    lists.withLock { lists in
      for revocation in revocations { lists.insert(revocation) }
      count.store(lists.count, ordering: .releasing)
    }
  }

  /// Forgets what no valid access token can be concerned by.
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
