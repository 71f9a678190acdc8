#if Postgres
package import RotationModel

/// By what the instances on a ledger issue tokens, as the ledger itself has noted it.
package struct LedgerTerms: Sendable, Hashable {
  /// The issuer of all tokens; nil while nobody has said.
  package var issuer: String?
  /// Lifetimes, grace, reuse and algorithm of the instance that came last; nil while none has come.
  package var policy: String?

  package init(issuer: String?, policy: String?) {
    self.issuer = issuer
    self.policy = policy
  }

  /// Notes by what this instance issues, and returns what the ledger said before. If it names another issuer nothing
  /// is noted; if it names none this one is, from now on.
  ///
  /// - Parameters:
  ///   - policy: nil for who is no instance: then the one that is noted stays.
  ///   - staleMilliseconds: after how long without news this instance is cut off; the ledger keeps the greatest.
  package static func exchange(
    issuer: String, policy: String?, staleMilliseconds: Int64 = 0, _ steps: some AttemptPerformer
  ) async throws(LedgerError) -> LedgerTerms {
    let queries = [
      Query(exchangeStatement, [.text(issuer), .text(policy), .int64(staleMilliseconds)]),
      Query(LedgerSQL.barrierStatement),
    ]
    return try await steps.perform { (connection, _, deadline) throws(DatabaseError) in
      let before = try connection.step(queries, deadline: deadline).rows[0]
      guard before.count == 1 else { throw .malformed("the ledger has \(before.count) rows in place of one") }
      return LedgerTerms(issuer: try before.textIfPresent(0, 0), policy: try before.textIfPresent(0, 1))
    }
  }

  private static let exchangeStatement = Statement(
    name: "ledger_terms",
    sql: """
      with before as materialized (select only_row, issuer, policy, stale_ms from ledger for no key update), noted as (
        update ledger l set issuer = $1, policy = coalesce($2, b.policy), stale_ms = greatest(b.stale_ms, $3) from before b
        where l.only_row = b.only_row and coalesce(b.issuer, $1) = $1
          and (b.issuer is null or b.policy is distinct from coalesce($2, b.policy) or b.stale_ms < $3)
      )
      select issuer, policy from before
      """)
}
#endif
