import TokenAccounts

// What docs/embedding.md shows of a store with passwords, compiled.

/// The two calls of any database client that the sketch needs.
protocol SQLConnection: Sendable {
  func row(_ statement: String, _ arguments: String...) async throws -> SQLRow?
}

struct SQLRow: Sendable {
  var text: [String: String]
  var number: [String: Int64]
}

// docs:sql
/// Subjects in a table of a database.
struct SQLSubjects: SubjectStore {
  var database: any SQLConnection
  /// A hash costs tens of milliseconds on purpose, so hashes run on threads of their own, as many as there are cores.
  let pool = PasswordPool()
  let unmatchable: PasswordHash

  init(_ database: any SQLConnection) throws {
    self.database = database
    unmatchable = try PasswordHash.unmatchable()
  }

  private static let columns = "SELECT id, enabled, scopes, version, password_hash FROM users "

  func authenticate(name: String, password: String) async throws -> Subject? {
    let row = try await database.row(Self.columns + "WHERE name = $1", name)
    // Also verified for a name that does not exist, so that the time does not reveal it.
    let hash = try row?.text["password_hash"].map { try PasswordHash($0) } ?? unmatchable
    guard try await pool.verify(password, of: hash) else { return nil }
    return row.flatMap(Self.subject)
  }

  func subject(id: String) async throws -> Subject? {
    try await database.row(Self.columns + "WHERE id = $1", id).flatMap(Self.subject)
  }

  private static func subject(_ row: SQLRow) -> Subject? {
    guard let id = row.text["id"], let scopes = Scopes(row.text["scopes"] ?? "") else { return nil }
    return Subject(
      id: id, isEnabled: row.number["enabled"] == 1, scopes: scopes,
      version: AccountVersion(row.text["version"] ?? ""))
  }
}
// docs:end
