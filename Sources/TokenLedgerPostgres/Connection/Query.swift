#if Postgres
/// A statement in SQL that a connection prepares when it first meets it, by a name that is its own.
package struct Statement: Sendable, Hashable {
  /// Has at most 63 bytes.
  package let name: String
  /// One statement, with `$1` and so on for its parameters.
  package let sql: String

  package init(name: String, sql: String) {
    precondition((1...63).contains(name.utf8.count), "PostgreSQL cuts longer names off")
    (self.name, self.sql) = (name, sql)
  }

  /// Makes what follows one transaction, to the commit that another call brings.
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
