#if Postgres
/// The name of a ledger's schema in its database.
///
/// Several ledgers can share a database under different names.
package struct SchemaName: Sendable, Hashable, CustomStringConvertible {
  /// The name without quotes, as people write it in settings; also the channel of the ledger's `NOTIFY`.
  package let text: String

  /// - Throws: `.unsuitable` for a text that PostgreSQL does not accept as a name, would cut off, or reserves for
  ///   itself.
  package init(_ text: String) throws(DatabaseError) {
    let isTaken = text.hasPrefix("pg_") || text == "information_schema" || text == "public"
    guard (1...63).contains(text.utf8.count), !text.utf8.contains(0), !isTaken else {
      throw .unsuitable(
        "The schema's name must have 1 to 63 bytes, without a NUL, and be neither `public` nor PostgreSQL's own (`pg_...`); "
          + "set `store.schema` to another, such as `refresh_ledger`.")
    }
    self.text = text
  }

  /// The quoted name for SQL.
  package var quoted: String { "\"" + text.replacing("\"", with: "\"\"") + "\"" }

  package var description: String { text }
}
#endif
