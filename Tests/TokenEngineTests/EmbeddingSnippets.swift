import TokenEngine
import TokenLedger

// What docs/embedding.md shows of stores, claims and observers, compiled.

/// The two calls of any database client that the sketch needs.
protocol SQLConnection: Sendable {
  func row(_ statement: String, _ arguments: String...) async throws -> SQLRow?
}

struct SQLRow: Sendable {
  var text: [String: String]
  var number: [String: Int64]
}

/// A password hash of the embedder's choice.
protocol PasswordCheck: Sendable {
  /// Takes as long where `hash` is nil: for a name that does not exist.
  func isPassword(_ password: String, of hash: String?) async throws -> Bool
}

// docs:sql
/// Subjects in a table of a database.
struct SQLSubjects: SubjectStore {
  var database: any SQLConnection
  var passwords: any PasswordCheck

  private static let columns = "SELECT id, enabled, scopes, sessions_not_before_ms, password_hash FROM users "

  func authenticate(name: String, password: String) async throws -> Subject? {
    let row = try await database.row(Self.columns + "WHERE name = $1", name)
    guard try await passwords.isPassword(password, of: row?.text["password_hash"]) else { return nil }
    return row.flatMap(Self.subject)
  }

  func subject(id: String) async throws -> Subject? {
    try await database.row(Self.columns + "WHERE id = $1", id).flatMap(Self.subject)
  }

  private static func subject(_ row: SQLRow) -> Subject? {
    guard let id = row.text["id"], let scopes = Scopes(row.text["scopes"] ?? "") else { return nil }
    return Subject(
      id: id, isEnabled: row.number["enabled"] == 1, scopes: scopes,
      sessionsNotBefore: row.number["sessions_not_before_ms"].map { Timestamp(milliseconds: $0) })
  }
}
// docs:end

// docs:claims
struct TenantClaims: Codable, Equatable, Sendable {
  var tenant: String
}

func optionsWithTenant(of tenants: [String: String]) -> EngineOptions {
  var options = EngineOptions()
  options.customClaims = { context in
    try CustomClaims(TenantClaims(tenant: tenants[context.subject] ?? "none"))
  }
  return options
}

func tenant(of accessToken: String, in engine: RotationEngine) throws -> String {
  try engine.verify(accessToken).customClaims(as: TenantClaims.self).tenant
}
// docs:end

// docs:observer
/// Tells an alarm of what looks like theft.
struct TheftAlarm: EngineObserver {
  var ring: @Sendable (_ text: String) -> Void

  func engine(observed event: EngineEvent) {
    if case .refused(.reused(let reuse, let behind, let revoked), let token, let client) = event {
      ring("\(reuse), \(behind) behind, session \(token?.session.text ?? "?") of \(client), revoked: \(revoked)")
    }
  }
}
// docs:end
