#if Postgres
/// Why a database gave no answer, told apart by what is then known of it. No text has a password.
@nonexhaustive
public enum DatabaseError: Error, Sendable, Hashable {
  /// No connection was made, or it was found closed before anything was sent.
  case unreachable(String)
  /// The server answered and took no connection: password, database, too many connections (53300), starting (57P03).
  /// The code is its SQLSTATE; nil if libpq itself did not go on.
  case refusedConnection(code: String?, String)
  /// The server rolled the transaction back: a conflict (40001, 40P01, 55P03), or an error of its first statement. Or
  /// it was never sent: a text that has a NUL (22021).
  case nothingHappened(code: String, String)
  /// Any other error that the server told. `index` counts the queries of the transaction; their count stands for its
  /// commit, and those that come after it follow.
  case statement(code: String, index: Int, String)
  /// All succeeded, but with a warning: it is possibly not on a standby.
  case warned(String)
  /// The connection broke, or the deadline passed: what was sent has possibly happened. The connection is closed.
  case lost(String)
  /// The answer is not what the statement promises.
  case malformed(String)
  /// The address or the server is none that a ledger can stand on; the text says how to change that.
  case unsuitable(String)
  /// The server is not one to stand on now, and it or another can be in a moment, as during a promotion: a standby, a
  /// primary that names no standby, one that others have left behind. The text says what to do if that stays so.
  case unready(String)
}

extension DatabaseError {
  /// Whether another try, in a moment, can meet something else.
  var mayPass: Bool {
    switch self {
    case .unreachable, .lost, .nothingHappened, .warned, .unready: true
    // Every connection is taken, or the server is starting.
    case .refusedConnection(let code, _): code == "53300" || code == "57P03"
    case .statement, .malformed, .unsuitable: false
    }
  }
}

extension DatabaseError: CustomStringConvertible {
  /// One line.
  public var description: String {
    switch self {
    case .unreachable(let text): "The database cannot be reached: \(text)"
    case .refusedConnection(let code?, let text): "The database refused the connection: \(text) (\(code))"
    case .refusedConnection(nil, let text): "No connection to the database: \(text)"
    case .nothingHappened(let code, let text): "The database rolled the transaction back: \(text) (\(code))"
    case .statement(let code, _, let text): "The database refused a statement: \(text) (\(code))"
    case .warned(let text): "The database warned of the transaction: \(text)"
    case .lost(let text): "The connection to the database was lost: \(text)"
    case .malformed(let text): "The database's answer is not as expected: \(text)"
    case .unsuitable(let text), .unready(let text): text
    }
  }
}

extension String {
  /// On one line, as errors are told.
  var onOneLine: String {
    split(whereSeparator: \.isNewline)
      .map { line in String(line.drop { $0.isWhitespace }) }
      .filter { !$0.isEmpty }
      .joined(separator: "; ")
  }
}
#endif
