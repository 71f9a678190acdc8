import TokenEngine

// What docs/embedding.md shows of stores, claims and observers, compiled.

// docs:signed-in-elsewhere
/// Subjects that a directory signs in: they have no passwords here.
struct Staff: SubjectStore {
  var scopes: [String: Scopes]

  func subject(id: String) async throws -> Subject? { scopes[id].map { Subject(id: id, scopes: $0) } }
}

/// Opens a session for a subject that the directory signed in, with the scopes that subject and client may have.
func signedIn(_ id: String, with engine: RotationEngine) async throws -> TokenPair? {
  let app = Client(id: "app", isPublic: true, scopes: ["orders.read", "orders.write"])
  guard case .granted(let pair) = try await engine.openSession(forSubject: id, client: app) else { return nil }
  return pair
}
// docs:end

// docs:keys
/// To be called every 90 days, for example: from now on the old key signs nothing, and is accepted until retired.
func rotateKeys(of engine: RotationEngine) async throws {
  let rotated = try await engine.rotateKeys(algorithm: .es256)
  print("\(rotated.current) signs, \(rotated.next) is published and signs next")
}

/// To be called every day: removes the keys whose tokens have expired.
func retireKeys(of engine: RotationEngine) async throws {
  for key in engine.keyStates where key.use == .access && key.state == .retiring {
    // Throws while tokens of the key can still be valid.
    try? await engine.retireKey(key.id, tokenLifetime: engine.options.accessLifetime)
  }
}

/// Runs beside the working engine; `RotationEngine.restoreBackup(in:)` makes the copy usable, without its sessions.
func backUp(_ engine: RotationEngine, to folder: FilePath) async throws {
  try await engine.backUp(to: folder)
}
// docs:end

// docs:batch
/// Answers many refreshes with one commit: if the store fails for one of them, only that one fails.
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
/// For any server: the subject of a request by its `Authorization` header, and what to answer if there is none.
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
/// Rings an alarm for events that look like theft.
struct TheftAlarm: EngineObserver {
  var ring: @Sendable (_ text: String) -> Void

  func engine(observed event: EngineEvent) {
    if case .refused(.reused(let reuse, let behind, let revoked), let token, let client) = event {
      ring("\(reuse), \(behind) behind, session \(token?.session.text ?? "?") of \(client), revoked: \(revoked)")
    }
  }
}
// docs:end
