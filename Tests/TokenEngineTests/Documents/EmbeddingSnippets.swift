import TokenEngine

// What docs/embedding.md shows of stores, claims and observers, compiled.

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
  /// Hashes cost tens of milliseconds on purpose: on threads of their own, so many at a time as there are cores.
  let pool = PasswordPool()
  let unmatchable: PasswordHash

  init(_ database: any SQLConnection) throws {
    self.database = database
    unmatchable = try PasswordHash.unmatchable()
  }

  private static let columns = "SELECT id, enabled, scopes, version, password_hash FROM users "

  func authenticate(name: String, password: String) async throws -> Subject? {
    let row = try await database.row(Self.columns + "WHERE name = $1", name)
    // Verified for a name that does not exist too, so that the time does not tell.
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

// docs:signed-in-elsewhere
/// Subjects that a directory signs in: they have no passwords here.
struct Staff: SubjectStore {
  var scopes: [String: Scopes]

  func subject(id: String) async throws -> Subject? { scopes[id].map { Subject(id: id, scopes: $0) } }
}

/// Whoever the directory has signed in gets a session, within what subject and client may have.
func signedIn(_ id: String, with engine: RotationEngine) async throws -> TokenPair? {
  let app = Client(id: "app", isPublic: true, scopes: ["orders.read", "orders.write"])
  guard case .granted(let pair) = try await engine.openSession(forSubject: id, client: app) else { return nil }
  return pair
}
// docs:end

// docs:keys
/// Once in 90 days, say: the old key signs nothing from now on and is accepted until it is retired.
func rotateKeys(of engine: RotationEngine) async throws {
  let rotated = try await engine.rotateKeys(algorithm: .es256)
  print("\(rotated.current) signs, \(rotated.next) is published and signs next")
}

/// Every day: removes the keys whose tokens are over.
func retireKeys(of engine: RotationEngine) async throws {
  for key in engine.keyStates where key.use == .access && key.state == .retiring {
    // Throws while tokens of the key may live.
    try? await engine.retireKey(key.id, tokenLifetime: engine.options.accessLifetime)
  }
}

/// Beside the working engine; `RotationEngine.restoreBackup(in:)` makes the copy fit to be opened, without its sessions.
func backUp(_ engine: RotationEngine, to folder: FilePath) async throws {
  try await engine.backUp(to: folder)
}
// docs:end

// docs:batch
/// Answers many refreshes with one commit: a store that fails for one of them fails that one.
func refreshed(_ tokens: [String], of web: Client, with engine: RotationEngine) async throws -> [TokenPair?] {
  try await engine.refresh(tokens.map { RefreshRequest(token: $0, client: web) }).map { outcome in
    switch outcome {
    case .success(.granted(let pair)): return pair
    case .success(.refused(let refusal)):
      print("log in again: \(refusal.reason)")
      return nil
    case .failure(let failure):
      print("\(failure.isTemporary ? "try again later" : "look at it"): \(failure)")
      return nil
    }
  }
}
// docs:end

// docs:authorization
/// For any server: the subject of a request by its `Authorization` header, and what to answer where there is none.
func subject(
  of authorization: String?, in engine: RotationEngine
) -> (subject: String?, status: Int, challenge: String?) {
  do {
    let caller = try engine.verify(authorization: authorization)
    guard caller.scopes.contains("orders.read") else { return (nil, 403, #"Bearer error="insufficient_scope""#) }
    return (caller.subject, 200, nil)
  } catch .absent {
    return (nil, 401, "Bearer")
  } catch {
    return (nil, 401, #"Bearer error="invalid_token""#)
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
