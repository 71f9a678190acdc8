#if Postgres
/// What happens on the way between a client and a server.
///
/// A request is what ends with a synchronization, or a simple query: one transaction. Requests are counted from 1, over
/// all connections, from when the fault is set.
package enum ProxyFault: Sendable, Hashable {
  /// The connection ends before the statement of this number reaches the server.
  case cutBeforeStatement(Int)
  /// It ends when all of the request but its end has reached the server, which therefore commits nothing.
  case cutBeforeCommit(Int)
  /// The server carries the request out, and the client sees of its answer so many bytes and then the end.
  case cutInAnswer(Int, bytes: Int = 0)
  /// The server carries the request out, and the answer stays here until `release`.
  case holdAnswer(Int)
  /// The server carries the request out, and the answer comes byte by byte, with a pause after each.
  case dripAnswer(Int)
  /// The server carries the request out, and the client sees of its answer bytes that are changed at random.
  case garbleAnswer(Int, seed: UInt64)
  /// The request of this number meets this.
  case request(Int, RequestFault)
}

/// What a request meets.
package enum RequestFault: Sendable, Hashable {
  /// The connection ends, and nothing of the request reaches the server.
  case cutBefore
  /// It ends when all of the request but its end has reached the server.
  case cutBeforeEnd
  /// The server carries the request out, and the client sees nothing of the answer but the end of the connection.
  case cutAfter
  /// The same, and the client sees the first half of the answer.
  case cutInside
  /// The server carries the request out, and the answer stays here until `release`.
  case hold
  /// The server raises an error in place of the request. The beginning of a connection is answered so here.
  case failFirst(code: String)
  /// The server raises an error after all that the request runs, before its end, and takes it back.
  case failLast(code: String)
  /// The server carries the request out, and the answer ends with an error, as of a commit.
  case deny(code: String)
  /// The server carries the request out, and the answer has a warning.
  case warn
}

/// A round trip of a client as it is told apart from others: by what it runs, and how often that was run before.
package struct ProxyExchange: Sendable, Hashable, CustomStringConvertible {
  /// The names of its prepared statements, the first words of a text, or `connect`.
  package let statements: [String]
  /// How many like it came before, over all connections.
  package let number: Int

  package init(statements: [String], number: Int) { (self.statements, self.number) = (statements, number) }

  /// The statements without those of every step, unless there is nothing else.
  package var ownStatements: [String] {
    let own = statements.filter { !["prelude_shared", "prelude_look", "begin", "barrier", "clock"].contains($0) }
    return own.isEmpty ? statements : own
  }

  package var description: String { "\(ownStatements.joined(separator: "+"))#\(number)" }
}
#endif
