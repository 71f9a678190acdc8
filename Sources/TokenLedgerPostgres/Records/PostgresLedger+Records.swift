#if Postgres
public import RotationModel

extension PostgresLedger: AttemptPerformer {}

/// The records that instances share beside sessions.
extension PostgresLedger {
  public var store: LedgerStore { .postgres(place) }

  /// Keys, users and clients. They keep the ledger from being given up while they are in use.
  package var records: SharedRecords {
    SharedRecords(self, place: place, latest: knowledge.recordChange)
  }

  /// The database and, if it is not the usual one, its schema; without a password.
  package var place: String {
    options.schema == PostgresOptions().schema ? "\(address)" : "\(address), schema \(options.schema)"
  }

  /// Notes by what this instance issues, and returns what the ledger said before; see ``LedgerTerms``.
  package func exchangeTerms(issuer: String, policy: String?) async throws(LedgerError) -> LedgerTerms {
    // A command's own patience is nobody's.
    let stale = policy == nil ? 0 : options.staleAfter.wholeMilliseconds
    return try await LedgerTerms.exchange(issuer: issuer, policy: policy, staleMilliseconds: stale, self)
  }

  /// After how long without news the most patient of the instances that have announced themselves is cut off, if that
  /// is longer than this one's ``PostgresOptions/staleAfter``. At most 100 ms late while it is connected.
  package var greatestStaleAfter: Duration {
    max(options.staleAfter, .milliseconds(knowledge.staleMilliseconds.value))
  }
}
#endif
