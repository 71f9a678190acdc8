#if Postgres
package import RotationModel

/// The issuer and policy with which the instances on a ledger issue tokens, as the ledger itself records them.
package struct LedgerTerms: Sendable, Hashable {
  /// The issuer of all tokens, or nil while none was recorded.
  package var issuer: String?
  /// The lifetimes, grace window, reuse policy and algorithm of the latest instance, or nil while there was none.
  package var policy: String?

  package init(issuer: String?, policy: String?) {
    self.issuer = issuer
    self.policy = policy
  }

  /// Records the terms of this instance, and returns those that the ledger had before.
  ///
  /// If the ledger has another issuer, nothing is recorded; if it has none, this one is recorded.
  ///
  /// - Parameters:
  ///   - issuer: The issuer of this instance's tokens.
  ///   - policy: The policy, or nil for a caller that is not an instance, which keeps the recorded one.
  ///   - staleMilliseconds: The time without news after which this instance is cut off; the ledger keeps the greatest.
  ///   - steps: The performer of the ledger's steps, of which this is one.
  /// - Returns: The terms before the call, with nil for what was not recorded yet.
  /// - Throws: The errors of every call of a ledger.
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
