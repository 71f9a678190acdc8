#if Postgres
/// A statement in SQL that a connection prepares at its first use, under a unique name.
package struct Statement: Sendable, Hashable {
  /// The name, of at most 63 bytes.
  package let name: String
  /// The SQL of one statement, with `$1` and so on for its parameters.
  package let sql: String

  package init(name: String, sql: String) {
    precondition((1...63).contains(name.utf8.count), "PostgreSQL cuts longer names off")
    (self.name, self.sql) = (name, sql)
  }

  /// A statement that begins a transaction, which lasts until the commit of another call.
  package static let begin = Statement(name: "begin", sql: "begin")
  package static let commit = Statement(name: "commit", sql: "commit")
}

/// A statement with its parameters, which have the same types at each use of the statement on a connection.
package struct Query: Sendable, Hashable {
  package let statement: Statement
  package let parameters: [Parameter]

  package init(_ statement: Statement, _ parameters: [Parameter] = []) {
    (self.statement, self.parameters) = (statement, parameters)
  }
}
#endif
