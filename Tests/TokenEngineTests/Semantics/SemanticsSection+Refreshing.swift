import Testing
import TokenLedger
import TokenTesting

@testable import TokenEngine

/// Refresh tokens that are live, and those that are not known.
extension SemanticsSection {
  static var refreshing: SemanticsSection {
    SemanticsSection(
      title: "The live refresh token",
      rows: [
        SemanticsRow(situation: "live token") {
          try await $0.open()
        } act: {
          try await $0.present($0.last)
        },
        SemanticsRow(situation: "live token, narrower scope asked for") {
          try await $0.open()
        } act: {
          try await $0.present($0.last, scope: "read")
        },
        SemanticsRow(situation: "the successor of a narrowed refresh, no scope asked for") {
          try await $0.open()
          $0.pairs.append(try await $0.engine.refresh($0.last.refreshToken, client: $0.client, scope: "read").pair())
        } act: {
          try await $0.present($0.last)
        },
        SemanticsRow(situation: "idle lifetime over") {
          $0.idleLifetime = .seconds(60)
        } prepare: {
          try await $0.open()
          $0.wait(60_000)
        } act: {
          try await $0.present($0.last)
        },
        SemanticsRow(situation: "absolute lifetime over, although the session was refreshed in time") {
          $0.idleLifetime = .seconds(60)
          $0.absoluteLifetime = .seconds(100)
        } prepare: {
          try await $0.open()
          $0.wait(59_999)
          try await $0.rotate()
          $0.wait(40_001)
        } act: {
          try await $0.present($0.last)
        },
        SemanticsRow(situation: "token of a session that the ledger does not know") { _ in
        } act: {
          try await $0.present(try $0.mintRefresh(TokenID(session: SessionID(high: 1, low: 2), generation: 0)))
        },
        SemanticsRow(situation: "token 2 generations ahead of the log, which was rolled back") {
          try await $0.open()
        } act: {
          try await $0.present(try $0.mintRefresh(TokenID(session: $0.last.session, generation: 2)))
        },
      ])
  }

  static var predecessors: SemanticsSection {
    SemanticsSection(
      title: "A consumed refresh token",
      rows: [
        afterRotation("predecessor, within 1 s of the rotation", wait: 999),
        afterRotation("predecessor, 1 s after the rotation", wait: 1_000),
        afterRotation("predecessor, 1 ms before the end of 30 s", wait: 29_999),
        afterRotation("predecessor, 30 s after the rotation", wait: 30_000),
        afterRotation("predecessor, within 30 s, after the access token's end (here 5 s)", wait: 6_000) {
          $0.accessLifetime = .seconds(5)
        },
        SemanticsRow(situation: "predecessor, within 30 s, for the third time") {
          try await $0.open()
          try await $0.rotate()
          _ = try await $0.present($0.predecessor)
          _ = try await $0.present($0.first)
        } act: {
          try await $0.present($0.first)
        },
        SemanticsRow(situation: "predecessor, within 30 s, after the successor was used as refresh token") {
          try await $0.open()
          try await $0.rotate(2)
        } act: {
          try await $0.present($0.first)
        },
        SemanticsRow(situation: "predecessor, within 1 s of the rotation, after the successor was used as access token")
        {
          try await $0.open()
          try await $0.rotate()
          _ = try $0.engine.verify($0.last.accessToken)
        } act: {
          try await $0.present($0.predecessor)
        },
        SemanticsRow(
          situation: "predecessor, within 30 s, after the successor was used as access token 2 s after the rotation"
        ) {
          try await $0.open()
          try await $0.rotate()
          $0.wait(2_000)
        } act: {
          try await $0.use()
          return try await $0.present($0.predecessor)
        },
        SemanticsRow(situation: "2 or more behind, a day later") {
          try await $0.open()
          try await $0.rotate(3)
          $0.wait(86_400_000)
        } act: {
          try await $0.present($0.first)
        },
      ] + refusedPredecessors)
  }

  /// Those that no policy grants.
  private static var refusedPredecessors: [SemanticsRow] {
    [
      SemanticsRow(situation: "predecessor, within 30 s, with another scope than the first time") {
        try await $0.open()
        try await $0.rotate()
      } act: {
        try await $0.present($0.predecessor, scope: "read")
      },
      SemanticsRow(situation: "predecessor, within 30 s, by another client") {
        try await $0.open()
        try await $0.rotate()
      } act: {
        try await $0.present($0.predecessor, as: Client(id: "app", isPublic: true))
      },
      SemanticsRow(situation: "predecessor, within 30 s, of a session that was revoked") {
        try await $0.open()
        try await $0.rotate()
        _ = try await $0.engine.revoke($0.last.session)
      } act: {
        try await $0.present($0.predecessor)
      },
      SemanticsRow(situation: "predecessor, within 30 s, of a session whose absolute end has come") {
        $0.absoluteLifetime = .seconds(20)
      } prepare: {
        try await $0.open()
        $0.wait(19_000)
        try await $0.rotate()
        $0.wait(1_000)
      } act: {
        try await $0.present($0.predecessor)
      },
      SemanticsRow(situation: "predecessor, within 30 s, of a subject that was disabled meanwhile") {
        try await $0.open()
        try await $0.rotate()
        $0.fixture.subjects.setEnabled("ann", false)
      } act: {
        try await $0.present($0.predecessor)
      },
    ]
  }

  private static func afterRotation(
    _ situation: String, wait: Int64, options: @escaping (inout EngineOptions) -> Void = { _ in }
  ) -> SemanticsRow {
    SemanticsRow(situation: situation, options: options) {
      try await $0.open()
      try await $0.rotate()
      $0.wait(wait)
    } act: {
      try await $0.present($0.predecessor)
    }
  }
}
