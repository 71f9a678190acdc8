#if Postgres
public import RotationModel

extension PostgresLedger: AttemptPerformer {}

/// The records that instances share beside sessions.
extension PostgresLedger {
  public var store: LedgerStore { .postgres(place) }

  /// The records of keys, users and clients.
  ///
  /// The records keep the ledger alive while they are in use.
  package var records: SharedRecords {
    SharedRecords(self, place: place, latest: knowledge.recordChange)
  }

  /// The database and, if it is not the default one, its schema, without a password.
  package var place: String {
    options.schema == PostgresOptions().schema ? "\(address)" : "\(address), schema \(options.schema)"
  }

  /// Records the terms of this instance, and returns those that the ledger had before; see ``LedgerTerms``.
  package func exchangeTerms(issuer: String, policy: String?) async throws(LedgerError) -> LedgerTerms {
    // The patience of a command does not count.
    let stale = policy == nil ? 0 : options.staleAfter.wholeMilliseconds
    return try await LedgerTerms.exchange(issuer: issuer, policy: policy, staleMilliseconds: stale, self)
  }

  /// The longest time without news after which one of the announced instances is cut off, if that is longer than this
  /// instance's ``PostgresOptions/staleAfter``.
  ///
  /// The value is at most 100 ms late while the instance is connected.
  package var greatestStaleAfter: Duration {
    max(options.staleAfter, .milliseconds(knowledge.staleMilliseconds.value))
  }
}
#endif
