#if Postgres
/// The reason that a database gave no answer, classified by the known state of the transaction.
///
/// No text has a password.
@nonexhaustive
public enum DatabaseError: Error, Sendable, Hashable {
  /// No connection was made, or it was found closed before anything was sent.
  case unreachable(String)
  /// The server answered and refused the connection: password, database, too many connections (53300), starting
  /// (57P03). The code is its SQLSTATE, or nil if libpq itself did not continue.
  case refusedConnection(code: String?, String)
  /// The server rolled the transaction back, because of a conflict (40001, 40P01, 55P03) or an error of its first
  /// statement; or the transaction was never sent, because a text has a NUL (22021).
  case nothingHappened(code: String, String)
  /// The server reported any other error. `index` counts the queries of the transaction; their number stands for its
  /// commit, and the queries after it follow.
  case statement(code: String, index: Int, String)
  /// Everything succeeded, but with a warning: the change may not be on a standby.
  case warned(String)
  /// The connection broke or the deadline passed, so that the transaction may or may not have happened. The connection
  /// is closed.
  case lost(String)
  /// The answer is not what the statement promises.
  case malformed(String)
  /// A ledger cannot use this address or server; the text says how to change that.
  case unsuitable(String)
  /// The server cannot be used now, but it or another may be usable in a moment, as during a promotion: it is a
  /// standby, a primary that names no standby, or one that others have left behind. The text says what to do if that
  /// persists.
  case unready(String)
}

extension DatabaseError {
  /// True if another attempt in a moment can succeed.
  var mayPass: Bool {
    switch self {
    case .unreachable, .lost, .nothingHappened, .warned, .unready: true
    // All connections are taken, or the server is starting.
    case .refusedConnection(let code, _): code == "53300" || code == "57P03"
    case .statement, .malformed, .unsuitable: false
    }
  }
}

extension DatabaseError: CustomStringConvertible {
  /// The error in one line.
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
  /// The text in one line, as errors are reported.
  var onOneLine: String {
    split(whereSeparator: \.isNewline)
      .map { line in String(line.drop { $0.isWhitespace }) }
      .filter { !$0.isEmpty }
      .joined(separator: "; ")
  }
}
#endif
