#if Postgres
/// The schema of one ledger in its database: several ledgers can share a database under different names.
package struct SchemaName: Sendable, Hashable, CustomStringConvertible {
  /// As people write it in settings, without quotes; also the channel of the ledger's `NOTIFY`.
  package let text: String

  /// - Throws: `.unsuitable` for what PostgreSQL takes for no name, would cut off, or keeps for itself.
  package init(_ text: String) throws(DatabaseError) {
    let isTaken = text.hasPrefix("pg_") || text == "information_schema" || text == "public"
    guard (1...63).contains(text.utf8.count), !text.utf8.contains(0), !isTaken else {
      throw .unsuitable(
        "The schema's name must have 1 to 63 bytes, without a NUL, and be neither `public` nor PostgreSQL's own (`pg_...`); "
          + "set `store.schema` to another, such as `refresh_ledger`.")
    }
    self.text = text
  }

  /// As SQL has it.
  package var quoted: String { "\"" + text.replacing("\"", with: "\"\"") + "\"" }

  package var description: String { text }
}
#endif
