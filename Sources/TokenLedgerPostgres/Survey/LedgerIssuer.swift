#if Postgres
/// The issuer that a ledger in a database records for all its instances.
package struct LedgerIssuer: Sendable {
  private let look: Statement
  private let change: Statement

  /// - Parameter schema: The schema of an existing ledger.
  package init(_ schema: SchemaName) {
    look = Statement(name: "look_at_issuer", sql: "select issuer from \(schema.quoted).ledger")
    change = Statement(
      name: "settle_issuer",
      sql: """
        update \(schema.quoted).ledger set issuer = case when issuer is null or $2 then $1 else issuer end
        returning issuer
        """)
  }

  /// Sets the issuer if none is set, and returns the one in force, or nil if there is none.
  ///
  /// - Parameters:
  ///   - issuer: The issuer to set, or nil to ask only, which changes nothing.
  ///   - replaces: True to replace another issuer. Whoever then opens the ledger refuses the tokens of the former one.
  ///   - connection: A connection to the primary.
  ///   - deadline: The time at which the connection is closed.
  /// - Returns: The issuer in force after the call; nil only if none was set and none was given.
  /// - Throws: `.unsuitable` if another issuer is in force and is not replaced, or the errors of a transaction.
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
