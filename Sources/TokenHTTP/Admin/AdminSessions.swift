internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine
internal import TokenLedger

/// The routes at and below `/admin/sessions`: open a session for a subject that the caller has authenticated itself,
/// list sessions, revoke them.
struct AdminSessions: Sendable {
  let clients: any ClientStore
  let gate: AdminGate
  let addressing: RequestAddressing
  /// The replies that ask for a nonce, or nil if none are asked for.
  let nonces: NonceReplies?

  private var engine: RotationEngine { gate.engine }

  private struct Opening: Decodable {
    var subject: String
    var scope: String?
    var client: String?
    var label: String?

    enum CodingKeys: String, CodingKey {
      case subject, scope, label
      case client = "client_id"
    }
  }

  /// Answers with the token pair, in the standard's format.
  ///
  /// The session is the admin client's own if no `client_id` names another.
  ///
  /// A proof of a key that comes along binds it as at the token endpoint. Its request is this one, whoever holds the
  /// key: an admin that opens a session for an app passes on the proof that the app made.
  func open(_ request: Request, logger: Logger) async throws -> Response {
    var response = try await opened(by: request, logger: logger)
    nonces?.amend(&response)
    return response
  }

  private func opened(by request: Request, logger: Logger) async throws -> Response {
    try await gate.respond(to: request, logger: logger) { admin in
      let proof = addressing.proof(of: request)
      let opening = try await gate.body(of: request, as: Opening.self)
      let client = try await client(opening.client, admin)
      let outcome: GrantOutcome
      if engine.subjects == nil {
        guard let scopes = Scopes(opening.scope ?? "") else { throw OAuthError.invalidScope }
        let subject = Subject(id: NameForm.typed(opening.subject), scopes: scopes)
        outcome = try await engine.openSession(for: subject, client: client, label: opening.label, proof: proof)
      } else {
        outcome = try await engine.openSession(
          forSubject: NameForm.typed(opening.subject), client: client, scope: opening.scope, label: opening.label,
          proof: proof)
      }
      switch outcome {
      case .granted(let pair): return StandardWire().reply(to: pair)
      case .refused(.invalidScope): throw OAuthError.invalidScope
      case .refused(.badProof(let bad)): throw OAuthError.badProof(bad, .badRequest)
      case .refused: throw OAuthError.disabledSubject
      }
    }
  }

  private func client(_ id: String?, _ admin: Client) async throws -> Client {
    guard let id else { return admin }
    let found: Client?
    do { found = try await clients.client(id: NameForm.typed(id)) } catch { throw TokenEndpointError.store(error) }
    guard let client = found else { throw OAuthError.outsideLimit(field: "client_id", limit: "a client that is known") }
    return client
  }

  /// Lists the sessions of `?subject=`, `?client_id=`, both, or all; `limit` and, from the `next` of a page, `after`.
  func list(_ request: Request, logger: Logger) async throws -> Response {
    try await gate.respond(to: request, logger: logger) { _ in
      let query = try FormParameters(query: request, known: ["subject", "client_id", "limit", "after"])
      let limit = try query[named: "limit"].map { text throws(OAuthError) in
        guard let limit = Int(text) else {
          throw .outsideLimit(field: "limit", limit: "from 1 to \(Limits.page.range.upperBound)")
        }
        return limit
      }
      let cursor = try query[named: "after"].map { text throws(OAuthError) in
        guard let cursor = SessionCursor(text: text) else {
          throw .outsideLimit(field: "after", limit: "the next of an earlier page")
        }
        return cursor
      }
      let page = try await engine.sessions(of: scope(in: query) ?? .all, after: cursor, limit: limit ?? 100)
      var body = JSONObjectWriter(capacity: 256 * (page.sessions.count + 1))
      body.add("sessions", objects: page.sessions) { session, object in Self.write(session, to: &object) }
      if let next = page.next { body.add("next", next.text) }
      return Response(status: .ok, json: body)
    }
  }

  func show(_ request: Request, id: String?, logger: Logger) async throws -> Response {
    try await gate.respond(to: request, logger: logger) { _ in
      _ = try FormParameters(query: request, known: [])
      guard let session = try await engine.session(try SessionID(validating: id ?? "")) else {
        throw OAuthError.noSuchSession
      }
      var body = JSONObjectWriter(capacity: 512)
      Self.write(session, to: &body)
      return Response(status: .ok, json: body)
    }
  }

  /// Answers once the session has ended durably; 404 if no session of that id was live.
  func revoke(_ request: Request, id: String?, logger: Logger) async throws -> Response {
    try await gate.respond(to: request, logger: logger) { _ in
      _ = try FormParameters(query: request, known: [])
      guard try await engine.revoke(try SessionID(validating: id ?? "")) else { throw OAuthError.noSuchSession }
      return Self.ended(1)
    }
  }

  /// Ends the sessions of a subject, a client or both, which can be none.
  ///
  /// All sessions end only with `?all=true`.
  func revokeAll(_ request: Request, logger: Logger) async throws -> Response {
    try await gate.respond(to: request, logger: logger) { _ in
      let query = try FormParameters(query: request, known: ["subject", "client_id", "all"])
      let scope: SessionScope
      switch (try self.scope(in: query), query[named: "all"]) {
      case (let some?, nil): scope = some
      case (nil, "true"): scope = .all
      default: throw OAuthError.noSelection
      }
      return Self.ended(try await engine.revokeSessions(of: scope))
    }
  }

  private func scope(in query: FormParameters) throws(EngineError) -> SessionScope? {
    let subject = try gate.id("subject", in: query, limit: Limits.subjectID)
    let client = try gate.id("client_id", in: query, limit: Limits.clientID)
    return switch (subject.map(NameForm.typed), client.map(NameForm.typed)) {
    case (nil, nil): nil
    case (let subject?, nil): .subject(subject)
    case (nil, let client?): .client(client)
    case (let subject?, let client?): .subjectAtClient(subject: subject, client: client)
    }
  }

  /// Answers with the number of sessions that a request ended.
  private static func ended(_ count: Int) -> Response {
    var body = JSONObjectWriter()
    body.add("ended", Int64(count))
    return Response(status: .ok, json: body)
  }

  /// Writes a session.
  ///
  /// Times are milliseconds since 1970.
  private static func write(_ session: Session, to body: inout JSONObjectWriter) {
    body.add("sid", session.id.text)
    body.add("subject", session.subject)
    body.add("client_id", session.client)
    body.add("scope", session.scope)
    if let label = session.label { body.add("label", label) }
    body.add("rotation", "\(session.rotation)")
    body.add("generation", Int64(session.generation))
    let shown = session.onWallClock
    body.add("opened_at_ms", shown.openedAt.milliseconds)
    body.add("last_used_at_ms", shown.refreshedAt.milliseconds)
    body.add("idle_end_ms", shown.idleEnd.milliseconds)
    body.add("absolute_end_ms", shown.absoluteEnd.milliseconds)
    body.addConfirmation(thumbprint: session.keys.lifelong?.description)
    if !session.attributes.isEmpty { body.add("attributes", Data(session.attributes).base64EncodedString()) }
  }
}
