#if Postgres
import TokenEngine
import TokenLedgerPostgres

/// The messages and the exit codes for errors of a database.
enum DatabaseFailure {
  /// Returns the fix, or nil if the error states it itself.
  static func fix(of error: DatabaseError) -> String? {
    switch error {
    case .unreachable: "check host, port and that PostgreSQL runs there"
    case .refusedConnection(let code?, _): fix(ofRefusal: code)
    case .refusedConnection(nil, let text) where text.contains("no password supplied"): fix(ofRefusal: "28P01")
    case .refusedConnection(nil, _): "check host, port and sslmode"
    case .statement("42501", _, _): "grant it to this role, or name another in store.database"
    case .statement("53100", _, _): "free space on the database's disk"
    // A commit waits as long as no synchronous standby is connected.
    case .lost, .warned: "try again; refresh-ledger database check says whether a synchronous standby is connected"
    case .nothingHappened: "try again; see PostgreSQL's log"
    case .statement, .malformed: "see PostgreSQL's log"
    case .unsuitable, .unready: nil
    @unknown default: nil
    }
  }

  private static func fix(ofRefusal code: String) -> String {
    switch code {
    case "28P01", "28000":
      "check the user, pg_hba.conf and the password, which libpq takes from ~/.pgpass or PGPASSWORD"
    case "3D000": "createdb, or name another database"
    case "53300": "raise max_connections, or lower store.connections"
    case "57P03": "try again in a moment"
    default: "see PostgreSQL's log"
    }
  }

  fileprivate static func status(of error: DatabaseError) -> ExitStatus {
    switch error {
    case .refusedConnection(let code?, _) where code.hasPrefix("28") || code == "3D000": .configuration
    case .refusedConnection(nil, let text) where text.contains("no password supplied"): .configuration
    case .unsuitable, .statement("42501", _, _): .configuration
    case .statement: .inputOutput
    case .malformed: .internalFault
    case .unreachable, .refusedConnection, .nothingHappened, .warned, .lost, .unready: .temporary
    @unknown default: .temporary
    }
  }
}

extension DatabaseError {
  /// The error as a clause, to follow a place and a colon.
  var words: String { description.asClause }
}

extension String {
  /// A sentence of the ledger in the form that follows a colon, without what libpq and PostgreSQL put before the
  /// reason.
  var asClause: String {
    var words = self
    for (start, end) in Self.needless {
      while let first = words.firstRange(of: start), let last = words[first.upperBound...].firstRange(of: end) {
        words.removeSubrange(first.lowerBound..<last.upperBound)
      }
    }
    words = words.replacing("  ", with: " ")
    if words.last == "." { words.removeLast() }
    // An abbreviation keeps its upper case.
    guard let first = words.first, words.dropFirst().first?.isUppercase != true else { return words }
    return first.lowercased() + words.dropFirst()
  }

  /// The parts that are left out: the server's address was stated, and whether it runs is not known.
  private static var needless: [(start: String, end: String)] {
    [("connection to server ", " failed: "), ("FATAL:", " "), ("; Is the server running", "?")]
  }
}

extension CommandError {
  /// Creates the failure from an error of a database; `place` is the database without its password.
  init(_ error: DatabaseError, at place: String) {
    let fix = DatabaseFailure.fix(of: error).map { "; \($0)" } ?? ""
    self.init(DatabaseFailure.status(of: error), "\(place): \(error.words)\(fix)")
  }

  /// Creates the failure from an error of a ledger in a database.
  init(ofDatabase error: any Error, at place: String) {
    switch error {
    case let failure as CommandError: self = failure
    case let failure as DatabaseError: self.init(failure, at: place)
    case let failure as EngineError: self.init(failure)
    case let failure as LedgerError:
      let known = CommandError(failure)
      self.init(known.status, "\(place): \(known.description.asClause)")
    default: self.init(.internalFault, "\(place): \(error)")
    }
  }
}
#endif
