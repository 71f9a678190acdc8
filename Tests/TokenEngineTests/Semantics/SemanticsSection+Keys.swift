import Testing
import TokenLedger
import TokenTesting

@testable import TokenEngine

/// Sessions that are bound to a key, and proofs.
extension SemanticsSection {
  private static let confidential = Client(id: "web", isPublic: false, scopes: Scopes("read write"))

  private static func bound(
    _ situation: String, options: @escaping (inout EngineOptions) -> Void = { _ in }, rotations: Int = 0,
    client: Client = EngineFixture.client, act: @escaping SemanticsRow.Act
  ) -> SemanticsRow {
    SemanticsRow(situation: situation, options: options) {
      $0.client = client
      $0.pairs.append(
        try await $0.engine.logIn(name: "ann", password: "ann", client: client, proof: $0.proof()).pair())
      for _ in 0..<rotations {
        $0.pairs.append(
          try await $0.engine.refresh($0.last.refreshToken, client: client, proof: $0.proof()).pair())
      }
    } act: {
      try await act($0)
    }
  }

  static var bound: SemanticsSection {
    SemanticsSection(
      title: "A session that is bound to a key (of a public client)",
      rows: [
        bound("live token, with a proof of the key") { try await $0.present($0.last, proof: $0.proof()) },
        bound("live token, without a proof") { try await $0.present($0.last) },
        bound("live token, with a proof of another key") {
          try await $0.present($0.last, proof: $0.proof(of: $0.otherKey))
        },
        bound("live token, with the proof that the previous rotation used") {
          let proof = $0.proof()
          $0.pairs.append(try await $0.engine.refresh($0.last.refreshToken, client: $0.client, proof: proof).pair())
          return try await $0.present($0.last, proof: proof)
        },
        bound("live token, with a proof for another request") {
          try await $0.present($0.last, proof: $0.proof(method: "GET"))
        },
        bound("live token, with a proof that is more than a minute old") {
          let proof = $0.proof()
          $0.wait(61_000)
          return try await $0.present($0.last, proof: proof)
        },
        bound("predecessor, within 1 s of the rotation, with a new proof of the key", rotations: 1) {
          try await $0.present($0.predecessor, proof: $0.proof())
        },
        bound("predecessor, within 1 s of the rotation, without a proof", rotations: 1) {
          try await $0.present($0.predecessor)
        },
        bound("predecessor, within 1 s of the rotation, with a proof of another key", rotations: 1) {
          try await $0.present($0.predecessor, proof: $0.proof(of: $0.otherKey))
        },
        bound("2 behind, with a proof of another key", rotations: 2) {
          try await $0.present($0.first, proof: $0.proof(of: $0.otherKey))
        },
        bound("2 behind, with a proof of the key", rotations: 2) {
          try await $0.present($0.first, proof: $0.proof())
        },
        bound("live token, with a proof of the key, after the mode was changed to `off`") {
          $0.engine = try $0.fixture.sibling { $0.dpop.mode = .off }
          return try await $0.present($0.last, proof: $0.proof())
        },
        bound("live token, with a proof of the key without the nonce that is asked for") {
          $0.engine = try $0.fixture.sibling { $0.dpop.asksForNonces = true }
          return try await $0.present($0.last, proof: $0.proof())
        },
      ])
  }

  static var boundAccess: SemanticsSection {
    SemanticsSection(
      title: "A proof that binds only the access token (a confidential client, or a session opened without a proof)",
      rows: [
        bound("live token, with a proof of a different key than before", client: confidential) {
          try await $0.present($0.last, proof: $0.proof(of: $0.otherKey))
        },
        bound("live token, without a proof", client: confidential) { try await $0.present($0.last) },
        bound("predecessor, within 1 s, with the key of its rotation", rotations: 1, client: confidential) {
          try await $0.present($0.predecessor, proof: $0.proof())
        },
        bound("predecessor, within 1 s, with another key than its rotation", rotations: 1, client: confidential) {
          try await $0.present($0.predecessor, proof: $0.proof(of: $0.otherKey))
        },
        bound("predecessor, within 1 s, without the proof that its rotation had", rotations: 1, client: confidential) {
          try await $0.present($0.predecessor)
        },
        SemanticsRow(situation: "live token of a public client's session opened without a proof, now with a proof") {
          try await $0.open()
        } act: {
          try await $0.present($0.last, proof: $0.proof())
        },
        SemanticsRow(situation: "live token without a proof, mode `required`") {
          $0.dpop.mode = .required
        } prepare: {
          $0.pairs.append(
            try await $0.engine.openUncheckedSession(
              subject: "ann", client: $0.client, scopes: ["read", "write"], version: AccountVersion.none))
        } act: {
          try await $0.present($0.last)
        },
      ])
  }
}
