#if Postgres
/// The issuer that a ledger in a database keeps for all its instances.
package struct LedgerIssuer: Sendable {
  private let statement: Statement

  /// - Parameter schema: of a ledger that is there.
  package init(_ schema: SchemaName) {
    statement = Statement(
      name: "settle_issuer",
      sql: """
        update \(schema.quoted).ledger set issuer = case when issuer is null or $2 then coalesce($1, issuer) else issuer end
        returning issuer
        """)
  }

  /// Sets the issuer where none is set, and returns the one in force; nil where none is.
  ///
  /// - Parameters:
  ///   - issuer: the one to set; nil to ask alone.
  ///   - replaces: whether it takes another one's place. What was issued for that one is refused by whoever opens the ledger then.
  /// - Throws: `.unsuitable` if another one is in force.
  package func settle(
    _ issuer: String?, replaces: Bool, on connection: DatabaseConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> String? {
    let rows = try connection.transaction([Query(statement, [.text(issuer), .bool(replaces)])], deadline: deadline)[0]
    guard rows.count == 1 else { throw .malformed("the ledger has \(rows.count) rows and not one") }
    let kept = try rows.textIfPresent(0, 0)
    guard let issuer, let kept, kept != issuer else { return kept }
    throw .unsuitable(
      "The database's tokens are issued for \(kept), and not for \(issuer): another issuer ends every token that is out; "
        + "leave --issuer out, or give --force too.")
  }
}
#endif
