internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// The routes of admin clients, who authenticate with HTTP Basic: sessions and one-time tokens.
struct AdminRoutes<Context: RequestContext>: Sendable {
  private let sessions: AdminSessions
  private let oneTimeTokens: AdminOneTimeTokens

  init(engine: RotationEngine, clients: any ClientStore, bodyBytesMax: Int) {
    let gate = AdminGate(
      engine: engine, authenticator: ClientAuthenticator(clients: clients), bodyBytesMax: bodyBytesMax)
    sessions = AdminSessions(engine: engine, clients: clients, gate: gate)
    oneTimeTokens = AdminOneTimeTokens(engine: engine, gate: gate)
  }

  static var routes: [(RouterPath, [HTTPRequest.Method])] {
    [
      ("/admin/sessions", [.get, .post, .delete]), ("/admin/sessions/{sid}", [.get, .delete]),
      ("/admin/one-time-tokens", [.post]), ("/admin/one-time-tokens/consume", [.post]),
    ]
  }

  func add(to group: RouterGroup<Context>) {
    let (sessions, oneTimeTokens) = (sessions, oneTimeTokens)
    group.post("/admin/sessions") { request, context -> Response in
      try await sessions.open(request, logger: context.logger)
    }
    group.get("/admin/sessions") { request, context -> Response in
      try await sessions.list(request, logger: context.logger)
    }
    group.delete("/admin/sessions") { request, context -> Response in
      try await sessions.revokeAll(request, logger: context.logger)
    }
    group.get("/admin/sessions/{sid}") { request, context -> Response in
      try await sessions.show(request, id: context.parameters.get("sid"), logger: context.logger)
    }
    group.delete("/admin/sessions/{sid}") { request, context -> Response in
      try await sessions.revoke(request, id: context.parameters.get("sid"), logger: context.logger)
    }
    group.post("/admin/one-time-tokens") { request, context -> Response in
      try await oneTimeTokens.issue(request, logger: context.logger)
    }
    group.post("/admin/one-time-tokens/consume") { request, context -> Response in
      try await oneTimeTokens.consume(request, logger: context.logger)
    }
  }
}
