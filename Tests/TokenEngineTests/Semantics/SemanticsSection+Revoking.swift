import Testing
import TokenLedger
import TokenTesting

@testable import TokenEngine

/// Revocation, and what is said to tokens of what was revoked.
extension SemanticsSection {
  private static func opened(
    _ situation: String, after change: @escaping (SemanticsStage) async throws -> Void = { try await $0.rotate() },
    act: @escaping (SemanticsStage) async throws -> String
  ) -> SemanticsRow {
    SemanticsRow(situation: situation) {
      try await $0.open()
      try await change($0)
    } act: {
      try await act($0)
    }
  }

  private static func words(_ revocation: TokenRevocation) -> String {
    switch revocation {
    case .session(_, let wasLive): wasLive ? "200, session ended" : "200, had ended before"
    case .access: "200, access token refused from now on"
    case .nothing: "200, nothing done"
    }
  }

  private static let scopes: [(String, SessionScope)] = [
    ("all sessions of a subject", .subject("ann")), ("all sessions of a client", .client("web")),
    ("all sessions of a subject at a client", .subjectAtClient(subject: "ann", client: "web")),
    ("everything", .all),
  ]

  static var revoking: SemanticsSection {
    SemanticsSection(
      title: "Revocation (of a session that was refreshed once)",
      rows: [
        opened("the live refresh token") {
          words(try await $0.engine.revoke(token: $0.last.refreshToken, client: $0.client))
        },
        opened("a consumed refresh token") {
          words(try await $0.engine.revoke(token: $0.first.refreshToken, client: $0.client))
        },
        opened("the access token") {
          words(try await $0.engine.revoke(token: $0.last.accessToken, client: $0.client))
        },
        opened("the access token with its session") {
          words(try await $0.engine.revoke(token: $0.last.accessToken, client: $0.client, endsSession: true))
        },
        opened("a refresh token, by another client") {
          words(try await $0.engine.revoke(token: $0.last.refreshToken, client: Client(id: "app", isPublic: true)))
        },
        opened("text that is not a token of this server") {
          words(try await $0.engine.revoke(token: "nonsense", client: $0.client))
        },
        opened("the session by its id") {
          try await $0.engine.revoke($0.last.session) ? "200, session ended" : "404, had ended before"
        },
        opened("the session by its id, again", after: { _ = try await $0.engine.revoke($0.last.session) }) {
          try await $0.engine.revoke($0.last.session) ? "200, session ended" : "404, had ended before"
        },
      ]
        + scopes.map { name, scope in
          opened(name) {
            try await $0.engine.revokeSessions(of: scope)
            return "200"
          }
        } + [
          opened("all sessions of another subject") {
            try await $0.engine.revokeSessions(of: .subject("bob"))
            return "200"
          },
          opened("a subject's sessions that were opened under another version of its account") {
            let subject = Subject(id: "ann", scopes: [], version: AccountVersion("2"))
            return "\(try await $0.engine.revokeOutdatedSessions(of: subject)) session ended"
          },
        ])
  }

  static var afterRevocation: SemanticsSection {
    SemanticsSection(
      title: "Tokens after a revocation (in the millisecond in which the session was opened)",
      rows: [
        opened("live refresh token, session revoked", after: { _ = try await $0.engine.revoke($0.last.session) }) {
          try await $0.present($0.last)
        },
        opened(
          "live refresh token, only its access token revoked",
          after: { _ = try await $0.engine.revoke(token: $0.last.accessToken, client: $0.client) }
        ) {
          try await $0.present($0.last)
        },
      ]
        + scopes.map { name, scope in
          opened("live refresh token, \(name) revoked", after: { try await $0.engine.revokeSessions(of: scope) }) {
            try await $0.present($0.last)
          }
        } + [
          opened(
            "live refresh token, everything revoked, presented after the ledger has forgotten the session",
            after: {
              try await $0.engine.revokeSessions(of: .all)
              $0.wait(2_000)
              try await TestedLedger.sweep($0.fixture.ledger)
            }
          ) {
            try await $0.present($0.last)
          },
          opened(
            "live refresh token of a session opened after everything was revoked, in the same millisecond",
            after: {
              try await $0.engine.revokeSessions(of: .all)
              try await $0.open()
            }
          ) {
            try await $0.present($0.last)
          },
        ])
  }
}
