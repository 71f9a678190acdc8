import Testing
import TokenLedger
import TokenTesting

@testable import TokenEngine

/// Caps, changed lifetimes, access tokens, one-time tokens.
extension SemanticsSection {
  static var terms: SemanticsSection {
    SemanticsSection(
      title: "Limits and changed lifetimes",
      rows: [
        SemanticsRow(situation: "a log-in that opens a third session, if a subject may have two") {
          $0.sessionsPerSubjectMax = 2
        } prepare: {
          for _ in 0..<2 {
            try await $0.open()
            $0.wait(1)
          }
        } act: {
          try await $0.open()
          return "200, the first pair of the new session"
        },
        SemanticsRow(situation: "the refresh token of the session that the third one ended") {
          $0.sessionsPerSubjectMax = 2
        } prepare: {
          for _ in 0..<3 {
            try await $0.open()
            $0.wait(1)
          }
        } act: {
          try await $0.present($0.first)
        },
        changed("idle lifetime shortened from 1 h to 60 s, 61 s unused, existing sessions `keep`", .keep, 3600, 60, 61),
        changed(
          "idle lifetime shortened from 1 h to 60 s, 61 s unused, existing sessions `follow`", .follow, 3600, 60, 61),
        changed(
          "idle lifetime lengthened from 60 s to 1 h, 61 s unused, existing sessions `follow`", .follow, 60, 3600, 61),
        changed(
          "idle lifetime lengthened from 60 s to 1 h, refreshed after 59 s, 61 s unused, `keep`", .keep, 60, 3600, 59,
          61),
        changed(
          "idle lifetime lengthened from 60 s to 1 h, refreshed after 59 s, 61 s unused, `follow`", .follow, 60, 3600,
          59,
          61),
      ])
  }

  /// The token is presented after all the pauses, in seconds, and rotated between them.
  private static func changed(
    _ situation: String, _ existing: ExistingSessions, _ before: Int64, _ after: Int64, _ pauses: Int64...
  ) -> SemanticsRow {
    SemanticsRow(situation: situation) {
      $0.idleLifetime = .seconds(before)
    } prepare: { stage in
      try await stage.open()
      stage.engine = try stage.fixture.sibling {
        stage.policy.apply(to: &$0)
        $0.idleLifetime = .seconds(after)
        $0.existingSessions = existing
      }
      for pause in pauses.dropLast() {
        stage.wait(pause * 1000)
        try await stage.rotate()
      }
      stage.wait((pauses.last ?? 0) * 1000)
    } act: {
      try await $0.present($0.last)
    }
  }

  private static func verified(
    _ situation: String, after change: @escaping (SemanticsStage) async throws -> Void = { _ in },
    token: @escaping (SemanticsStage) throws -> String = { try $0.last.accessToken }
  ) -> SemanticsRow {
    SemanticsRow(situation: situation) {
      try await $0.open()
      try await change($0)
    } act: { stage in
      do {
        _ = try stage.engine.verify(try token(stage))
        return "accepted"
      } catch let fault as BadToken {
        return "401 `invalid_token` (\(fault.rawValue))"
      }
    }
  }

  static var accessTokens: SemanticsSection {
    SemanticsSection(
      title: "Access tokens, as this process verifies them",
      rows: [
        verified("live"),
        verified("1 ms before its end (15 min)", after: { $0.wait(899_999) }),
        verified("at its end", after: { $0.wait(900_000) }),
        verified(
          "of a session that was refreshed since", after: { try await $0.rotate() },
          token: { try $0.first.accessToken }),
        verified("of the new pair, for the first time after a refresh", after: { try await $0.rotate() }),
        verified(
          "older one of a session that was refreshed and then revoked",
          after: {
            try await $0.rotate()
            _ = try await $0.engine.revoke($0.last.session)
          }, token: { try $0.first.accessToken }),
        verified("a refresh token in its place", token: { try $0.last.refreshToken }),
      ])
  }

  private static func oneTime(
    _ situation: String, token: @escaping (OneTimeToken) -> String = { $0.text }, purpose: String = "reset",
    after change: @escaping (SemanticsStage, OneTimeToken) async throws -> Void = { _, _ in }
  ) -> SemanticsRow {
    SemanticsRow(situation: situation) { _ in
    } act: { stage in
      let issued = try await stage.engine.issueOneTimeToken(
        purpose: "reset", subject: "ann", payload: [1], lifetime: .seconds(60))
      try await change(stage, issued)
      switch try await stage.engine.consumeOneTimeToken(token(issued), purpose: purpose) {
      case .consumed: return "consumed, with subject and payload"
      case .refused: return "refused"
      }
    }
  }

  static var oneTime: SemanticsSection {
    SemanticsSection(
      title: "One-time tokens (valid for 60 s; the first event of each row is that the token was issued)",
      rows: [
        oneTime("first presentation"),
        oneTime(
          "second presentation",
          after: { stage, issued in _ = try await stage.engine.consumeOneTimeToken(issued.text, purpose: "reset") }),
        oneTime("1 ms before its end", after: { stage, _ in stage.wait(59_999) }),
        oneTime("at its end", after: { stage, _ in stage.wait(60_000) }),
        oneTime("for another purpose", purpose: "invite"),
        oneTime(
          "after it was presented for another purpose",
          after: { stage, issued in _ = try await stage.engine.consumeOneTimeToken(issued.text, purpose: "invite") }),
        oneTime("changed by one byte", token: { "\($0.text.dropLast())!" }),
        oneTime(
          "after all sessions of its subject were revoked",
          after: { stage, _ in try await stage.engine.revokeSessions(of: .subject("ann")) }),
      ])
  }
}
