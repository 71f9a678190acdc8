import RotationModel
import Testing
import TokenTesting

#if Postgres
import PostgresTesting
import TokenLedgerPostgres
#endif

extension Digest256 {
  /// - Parameter byte: Not 0.
  init(repeating byte: UInt8) {
    guard let digest = Digest256(Array(repeating: byte, count: Self.byteCount)) else {
      preconditionFailure("the digest of zeroes is none")
    }
    self = digest
  }
}

/// What `SessionLedger` and `ProofLedger` say of keys, of proofs and of attributes.
@Suite("Any ledger's keys", .fewAtOnce, .timeLimit(.minutes(10)))
struct LedgerKeyTests {
  private static let key = Digest256(repeating: 1)
  private static let other = Digest256(repeating: 2)

  /// A proof of a key, whose number tells it from others.
  private static func proof(
    _ number: UInt8, of key: Digest256 = key, until milliseconds: Int64 = 60_000, _ stage: LedgerStage
  ) -> KeyProof {
    KeyProof(
      key: key, useDigest: Digest256(repeating: number), end: stage.ledger.now().advanced(byMilliseconds: milliseconds))
  }

  private static func request(
    _ session: Session, grace: Int64 = 0, reuse: ReusePolicy = .revokeSession, _ proof: KeyProof? = nil
  ) -> RotationRequest {
    var request = RotationRequest(
      token: session.refreshTokenID, client: "web", graceMilliseconds: grace, reuse: reuse)
    request.proof = proof
    return request
  }

  private static func grant(_ keys: SessionKeys, attributes: [UInt8] = []) throws -> SessionGrant {
    var grant = try LedgerStage.grant()
    (grant.keys, grant.attributes) = (keys, attributes)
    return grant
  }

  @Test(
    "let a session that is bound to a key be refreshed with a proof of it alone; anything else neither consumes nor revokes",
    arguments: ConformingLedger.allCases)
  func lifelong(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let session = try await stage.open(Self.grant(SessionKeys(lifelong: Self.key)))
      #expect(session.keys == SessionKeys(lifelong: Self.key))
      #expect(try await stage.rotate(Self.request(session)) == .refused(.missingKey))
      let foreign = Self.proof(9, of: Self.other, stage)
      #expect(try await stage.rotate(Self.request(session, foreign)) == .refused(.otherKey))
      guard case .rotated(let next) = try await stage.rotate(Self.request(session, Self.proof(10, stage))) else {
        Issue.record("the right key was refused")
        return
      }
      #expect(next.keys == SessionKeys(lifelong: Self.key) && next.generation == 1)
      // The consumed token, too, is judged only with the key.
      #expect(try await stage.rotate(Self.request(session)) == .refused(.missingKey))
      let again = Self.proof(11, of: Self.other, stage)
      #expect(try await stage.rotate(Self.request(session, again)) == .refused(.otherKey))
      #expect(try await stage.ledger.session(session.id)?.generation == 1)
      let reuse = try await stage.rotate(Self.request(session, Self.proof(12, stage)))
      #expect(reuse == .refused(.reused(.race, generationsBehind: 1, revokedSession: true)))
    }
  }

  @Test(
    "answer a retry for the key of the lost reply alone, and revoke nothing for another one",
    arguments: ConformingLedger.allCases)
  func ofLastUse(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let session = try await stage.open(Self.grant(SessionKeys(ofLastUse: Self.other)))
      let first = Self.request(session, grace: 10_000, Self.proof(20, stage))
      guard case .rotated(let next) = try await stage.rotate(first) else { return }
      #expect(next.keys == SessionKeys(ofLastUse: Self.key))
      for proof in [nil, Self.proof(21, of: Self.other, stage)] {
        let refused = try await stage.rotate(Self.request(session, grace: 10_000, proof))
        #expect(refused == .refused(.reused(.race, generationsBehind: 1, revokedSession: false)))
      }
      let retry = try await stage.rotate(Self.request(session, grace: 10_000, Self.proof(22, stage)))
      #expect(retry == .retried(next, .race))
      // The next rotation goes without a key, and so must its retry.
      guard case .rotated(let bare) = try await stage.rotate(Self.request(next, grace: 10_000)) else { return }
      #expect(bare.keys == SessionKeys())
      #expect(try await stage.rotate(Self.request(next, grace: 10_000)) == .retried(bare, .race))
      let keyed = try await stage.rotate(Self.request(next, grace: 10_000, Self.proof(23, stage)))
      #expect(keyed == .refused(.reused(.race, generationsBehind: 1, revokedSession: false)))
    }
  }

  @Test("count a proof once, for whichever session or opening it comes", arguments: ConformingLedger.allCases)
  func once(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let (session, second) = (try await stage.open(), try await stage.open("bob"))
      let proof = Self.proof(30, stage)
      guard case .rotated(let next) = try await stage.rotate(Self.request(session, grace: 10_000, proof)) else {
        return
      }
      #expect(try await stage.rotate(Self.request(next, proof)) == .refused(.replayedProof))
      #expect(try await stage.rotate(Self.request(session, grace: 10_000, proof)) == .refused(.replayedProof))
      #expect(try await stage.rotate(Self.request(second, proof)) == .refused(.replayedProof))
      let counting = try #require(stage.ledger as? any ProofLedger)
      #expect(try await counting.count(proof) == .replayedProof)
      #expect(try await counting.count(Self.proof(31, stage)) == nil)
      #expect(try await counting.count(Self.proof(31, stage)) == .replayedProof)
      // It is judged before the token: also for one of a session that nobody knows.
      let unknown = RotationRequest(token: TokenID(session: SessionID(high: 1, low: 1), generation: 0), client: "web")
      var presented = unknown
      presented.proof = proof
      #expect(try await stage.rotate(presented) == .refused(.replayedProof))
    }
  }

  @Test("leave a proof uncounted whose request is granted nothing", arguments: ConformingLedger.allCases)
  func uncounted(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let session = try await stage.open(Self.grant(SessionKeys(lifelong: Self.key)))
      let proof = Self.proof(40, stage)
      var foreign = Self.request(session, proof)
      foreign.client = "app"
      #expect(try await stage.rotate(foreign) == .refused(.wrongClient))
      guard case .rotated = try await stage.rotate(Self.request(session, proof)) else {
        Issue.record("a proof was counted for a refusal")
        return
      }
    }
  }

  @Test("refuse a proof from the millisecond of its end on, counted or not", arguments: ConformingLedger.allCases)
  func late(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let session = try await stage.open()
      let (used, unused) = (Self.proof(50, until: 1_000, stage), Self.proof(51, until: 1_000, stage))
      guard case .rotated(let next) = try await stage.rotate(Self.request(session, used)) else { return }
      stage.clock.advance(milliseconds: 999)
      #expect(try await stage.rotate(Self.request(next, used)) == .refused(.replayedProof))
      stage.clock.advance(milliseconds: 1)
      #expect(try await stage.rotate(Self.request(next, unused)) == .refused(.lateProof))
      stage.clock.advance(milliseconds: 200_000)
      try await stage.heartbeat()
      let refusal = try await stage.rotate(Self.request(next, used))
      #expect(refusal == .refused(.lateProof))
      #expect(try await stage.ledger.session(session.id)?.generation == 1)
    }
  }

  @Test("grant one of several requests that bring one proof at the same time", arguments: ConformingLedger.allCases)
  func together(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      var sessions: [Session] = []
      for number in 0..<8 { sessions.append(try await stage.open("user\(number)")) }
      let proof = Self.proof(60, stage)
      let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
        for session in sessions {
          group.addTask {
            if case .rotated = try await stage.rotate(Self.request(session, proof)) { true } else { false }
          }
        }
        return try await group.reduce(into: 0) { if $1 { $0 += 1 } }
      }
      #expect(granted == 1)
    }
  }

  @Test("hold attributes for the session's life, and list them", arguments: ConformingLedger.allCases)
  func attributes(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let bytes = (0..<1024).map { UInt8(truncatingIfNeeded: $0) }
      let session = try await stage.open(Self.grant(SessionKeys(), attributes: bytes))
      #expect(session.attributes == bytes)
      guard case .rotated(let next) = try await stage.rotate(Self.request(session)) else { return }
      #expect(next.attributes == bytes)
      let page = try await stage.ledger.sessions(of: .subject("ann"), after: nil, limit: 10)
      #expect(page.sessions.map(\.attributes) == [bytes])
      let error = await #expect(throws: LedgerError.self) {
        try await stage.open(Self.grant(SessionKeys(), attributes: bytes + [0]))
      }
      #expect(error == .invalid(field: "attributes", limit: "0 to 1024 bytes"))
    }
  }

  @Test("open a session under the id that its grant names, once", arguments: ConformingLedger.allCases)
  func named(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      var grant = try LedgerStage.grant()
      grant.id = SessionID(high: 77, low: 7)
      #expect(try await stage.open(grant).id == grant.id)
    }
  }
}
