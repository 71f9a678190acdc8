#if Postgres
/// The issuer that a ledger in a database keeps for all its instances.
package struct LedgerIssuer: Sendable {
  private let look: Statement
  private let change: Statement

  /// - Parameter schema: of a ledger that is there.
  package init(_ schema: SchemaName) {
    look = Statement(name: "look_at_issuer", sql: "select issuer from \(schema.quoted).ledger")
    change = Statement(
      name: "settle_issuer",
      sql: """
        update \(schema.quoted).ledger set issuer = case when issuer is null or $2 then $1 else issuer end
        returning issuer
        """)
  }

  /// Sets the issuer if none is set, and returns the one in force; nil if none is.
  ///
  /// - Parameters:
  ///   - issuer: the one to set; nil to ask alone, which changes nothing.
  ///   - replaces: whether it takes another one's place. What was issued for that one is refused by whoever opens the
  ///     ledger then.
  /// - Throws: `.unsuitable` if another one is in force.
  package func settle(
    _ issuer: String?, replaces: Bool, on connection: DatabaseConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> String? {
    let query = issuer.map { Query(change, [.text($0), .bool(replaces)]) } ?? Query(look)
    let rows = try connection.transaction([query], deadline: deadline)[0]
    guard rows.count == 1 else { throw .malformed("the ledger has \(rows.count) rows and not one") }
    let kept = try rows.textIfPresent(0, 0)
    guard let issuer, let kept, kept != issuer else { return kept }
    throw .unsuitable(
      "The database's tokens are issued for \(kept), and not for \(issuer): another issuer ends every token that is out; "
        + "leave --issuer out, or give --force too.")
  }
}
#endif
