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
    try await LedgerTerms.exchange(issuer: issuer, policy: policy, self)
  }
}
#endif
