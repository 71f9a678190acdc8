import Testing
import TokenLedger
import TokenTesting

@testable import TokenEngine

/// What is looked at before a refresh token is consumed, and sessions whose token never is.
extension SemanticsSection {
  private struct ClaimsFault: Error {}

  private static func live(
    _ situation: String, options: @escaping (inout EngineOptions) -> Void = { _ in },
    after change: @escaping (SemanticsStage) async throws -> Void = { _ in },
    act: @escaping (SemanticsStage) async throws -> String = { try await $0.present($0.last) }
  ) -> SemanticsRow {
    SemanticsRow(situation: situation, options: options) {
      try await $0.open()
      try await change($0)
    } act: {
      try await act($0)
    }
  }

  private static func subject(_ scopes: String, version: AccountVersion = .none) -> Subject {
    Subject(id: "ann", scopes: Scopes(scopes) ?? [], version: version)
  }

  static var checkedFirst: SemanticsSection {
    SemanticsSection(
      title: "What is checked before a live token is consumed",
      rows: [
        live(
          "presented by another client",
          act: { try await $0.present($0.last, as: Client(id: "app", isPublic: true)) }),
        live(
          "presented by a client that may not use the grant type `refresh_token`",
          act: { try await $0.present($0.last, as: Client(id: "web", isPublic: true, grants: [.password])) }),
        live("more scope than was granted", act: { try await $0.present($0.last, scope: "admin") }),
        live("changed by one byte", act: { try await $0.present("\($0.last.refreshToken.dropLast())!") }),
        live(
          "signed by another key",
          act: {
            try await $0.present(
              SemanticsStage($0.policy, on: $0.ledger) { _ in }.mintRefresh(
                TokenID(session: $0.last.session, generation: 0)))
          }),
        live("an access token in its place", act: { try await $0.present($0.last.accessToken) }),
        live("subject gone", after: { $0.fixture.subjects.remove("ann") }),
        live("subject disabled", after: { $0.fixture.subjects.setEnabled("ann", false) }),
        live(
          "subject changed its password 1 ms after the session was opened",
          after: {
            $0.wait(1)
            $0.fixture.subjects.set(subject("read write", version: AccountVersion("2")), password: "new")
          }),
        live(
          "subject changed its password after the session was opened, in the same millisecond",
          after: {
            $0.fixture.subjects.set(subject("read write", version: AccountVersion("2")), password: "new")
          }),
        live(
          "subject lost one of two scopes",
          after: { $0.fixture.subjects.set(subject("read"), password: "ann") }),
        live(
          "subject lost one of two scopes, and the refresh asks for both",
          after: { $0.fixture.subjects.set(subject("read"), password: "ann") },
          act: { try await $0.present($0.last, scope: "read write") }),
        live(
          "subject lost one of two scopes, and the refresh asks for that one alone",
          after: { $0.fixture.subjects.set(subject("read"), password: "ann") },
          act: { try await $0.present($0.last, scope: "write") }),
        live(
          "the subject store does not answer",
          after: { $0.fixture.subjects.fail(with: .overloaded) }),
        live(
          "the closure of the custom claims throws",
          options: { options in
            options.customClaims = { context in
              guard context.scopes != Scopes("read") else { throw ClaimsFault() }
              return .empty
            }
          },
          act: { try await $0.present($0.last, scope: "read") }),
      ])
  }

  private static let fixedClient = Client(
    id: "web", isPublic: false, scopes: Scopes("read write"), rotation: .never,
    lifetimes: ClientLifetimes(idle: .seconds(60), absolute: .seconds(100)))

  private static func fixed(
    _ situation: String, after change: @escaping (SemanticsStage) async throws -> Void,
    act: @escaping SemanticsRow.Act = { try await $0.present($0.last) }
  ) -> SemanticsRow {
    SemanticsRow(
      situation: situation,
      prepare: {
        $0.client = fixedClient
        try await $0.open()
        try await change($0)
      }, act: act)
  }

  static var neverRotated: SemanticsSection {
    SemanticsSection(
      title: "A client with rotation `never` (here idle 60 s, absolute 100 s)",
      rows: [
        fixed("first use", after: { $0.wait(1_000) }),
        fixed(
          "second use, any time later",
          after: {
            $0.wait(1_000)
            _ = try await $0.present($0.last)
            $0.wait(30_000)
          }),
        fixed("59.999 s unused", after: { $0.wait(59_999) }),
        fixed(
          "idle lifetime over",
          after: { $0.wait(60_000) },
          act: {
            try await TestedLedger.sweep($0.fixture.ledger)
            return try await $0.present($0.last)
          }),
        fixed(
          "absolute lifetime over, although the session was refreshed in time",
          after: {
            $0.wait(50_000)
            _ = try await $0.present($0.last)
            $0.wait(50_000)
          }),
        fixed("session revoked", after: { _ = try await $0.engine.revoke($0.last.session) }),
      ])
  }
}
