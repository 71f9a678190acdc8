#if Postgres
internal import RotationModel

/// The register of what verifiers of this instance must refuse, by the instance's own calls and the feed, and of what
/// they saw.
///
/// If nothing is revoked whose access tokens can be alive, a question costs two atomic loads and no lock, however many
/// sessions there are. If the register refuses tokens while the feed is stale, it also reads the boot clock.
final class RevocationRegister: Sendable {
  private let table = RevocationTable()
  let notes = SuccessorNotes()
  private let condition: FeedCondition

  /// - Parameter condition: The condition of the feed, which tells when every access token is refused.
  init(_ condition: FeedCondition) { self.condition = condition }

  /// Adds revocations, whose access tokens are refused from the moment this returns.
  func insert(_ revocations: [RevocationRow]) {
    table.insert(revocations)
  }

  /// Forgets the entries that concern no valid access token any more.
  func forgetEnded(at now: Timestamp) {
    table.forgetEnded(at: now)
  }

  /// The number of sessions, access tokens and scopes that are refused.
  var entryCount: Int { table.entryCount }
}

extension RevocationRegister: FollowedRegister {
  var journal: RevocationJournal { table.journal }

  func listing(at now: Timestamp) -> (revocations: [Revocation], cursor: RevocationJournal.Cursor) { table.listing() }

  func isRefused(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool {
    condition.refusesAccess || table.isRefused(token, subject: subject, client: client, issuedAt: issuedAt)
  }

  func isMarked(subject: String, client: String, issuedAt: Int64) -> Bool {
    table.isMarked(subject: subject, client: client, issuedAt: issuedAt)
  }

  func noteUse(of token: TokenID, issuedAt: Int64, now: Timestamp) {
    notes.note(token, issuedAt: issuedAt, now: now)
  }
}
#endif
