import RotationModel
import Testing
import TokenTesting

/// What `SessionLedger` and `AccessRegister` say of revocation.
@Suite("A revocation in any ledger", .fewAtOnce)
struct LedgerRevocationTests {
  @Test(
    "of a session says whether it was live, ends its tokens before it returns, and no other's",
    arguments: ConformingLedger.allCases)
  func session(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let (session, other) = (try await stage.open(), try await stage.open())
      #expect(!stage.refusesAccess(of: session))
      #expect(try await stage.ledger.revoke(session.id))
      #expect(stage.refusesAccess(of: session))
      #expect(!stage.refusesAccess(of: other))
      let request = RotationRequest(token: session.tokenID, client: "web")
      #expect(try await stage.rotate(request) == .refused(.revoked(generationsBehind: 0)))
      #expect(try await stage.ledger.session(session.id) == nil)
      #expect(try await !stage.ledger.revoke(session.id))
      #expect(try await !stage.ledger.revoke(SessionID(high: 1, low: 1)))
      #expect(try await stage.ledger.session(other.id)?.id == other.id)
    }
  }

  @Test(
    "of a scope ends what was opened before it and counts what was live, and spares what is opened in the same millisecond",
    arguments: ConformingLedger.allCases,
    [
      (.subject("ann"), 2), (.client("web"), 2), (.subjectAtClient(subject: "ann", client: "web"), 1), (.all, 3),
      (.subject("eve"), 0),
    ] as [(SessionScope, Int)])
  func wide(kind: ConformingLedger, ending: (scope: SessionScope, count: Int)) async throws {
    try await kind.play { stage in
      let before = [
        try await stage.open("ann", "web"), try await stage.open("ann", "app"), try await stage.open("bob", "web"),
      ]
      let ended = try await stage.open("ann", "web")
      #expect(try await stage.ledger.revoke(ended.id))
      #expect(try await stage.ledger.revoke(ending.scope) == ending.count)
      let after = [
        try await stage.open("ann", "web"), try await stage.open("ann", "app"), try await stage.open("bob", "web"),
      ]
      for session in before {
        let isEnded = ending.scope.contains(subject: session.subject, client: session.client)
        #expect(stage.refusesAccess(of: session) == isEnded)
        #expect((try await stage.ledger.session(session.id) == nil) == isEnded)
        let request = RotationRequest(token: session.tokenID, client: session.client)
        let isRefused = try await stage.rotate(request) == .refused(.revoked(generationsBehind: 0))
        #expect(isRefused == isEnded)
      }
      for session in after {
        #expect(!stage.refusesAccess(of: session))
        let request = RotationRequest(token: session.tokenID, client: session.client)
        guard case .rotated = try await stage.rotate(request) else {
          Issue.record("\(session) was opened after the revocation, and is refused")
          continue
        }
      }
    }
  }

  @Test(
    "of a scope a second time in the same millisecond ends what was opened between the two",
    arguments: ConformingLedger.allCases)
  func wideTwice(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      _ = try await stage.open()
      #expect(try await stage.ledger.revoke(.all) == 1)
      let between = try await stage.open()
      #expect(try await stage.ledger.revoke(.all) == 1)
      #expect(stage.refusesAccess(of: between))
      #expect(try await stage.ledger.session(between.id) == nil)
      #expect(try await stage.ledger.revoke(.all) == 0)
    }
  }

  @Test(
    "of a scope is remembered for refresh tokens whose sessions are forgotten, and for none that came later",
    arguments: ConformingLedger.allCases)
  func forgotten(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let session = try await stage.open()
      #expect(try await stage.ledger.revoke(.subject("ann")) == 1)
      stage.clock.advance(milliseconds: 2_000)
      try await stage.heartbeat()
      let outcome = try await stage.rotate(RotationRequest(token: session.tokenID, client: "web"))
      // A database keeps what was revoked one by one until its time would have been over.
      #expect(outcome == .refused(.unknown) || outcome == .refused(.revoked(generationsBehind: 0)))
      let register = stage.ledger.register
      #expect(register.isMarked(subject: "ann", client: "web", issuedAt: session.refreshedAt.seconds))
      #expect(stage.refusesAccess(of: session))
      #expect(!register.isMarked(subject: "bob", client: "web", issuedAt: session.refreshedAt.seconds))
      #expect(!register.isMarked(subject: "ann", client: "web", issuedAt: stage.clock.now.seconds))
    }
  }

  @Test(
    "of a scope spares a session that is brought in after it, whatever became of one with that id before",
    arguments: ConformingLedger.allCases)
  func broughtInAgain(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let item = SessionImport(id: SessionID(high: 1, low: 1), grant: try LedgerStage.grant(idle: 1_000))
      #expect(try await stage.ledger.revoke(.all) == 0)
      let first = try await stage.ledger.importSessions([item]) { outcomes, _ in outcomes }
      guard case .opened = first[0] else {
        Issue.record("\(first)")
        return
      }
      stage.clock.advance(milliseconds: 2_000)
      try await stage.heartbeat()
      #expect(try await stage.ledger.revoke(.all) == 0)
      stage.clock.advance(milliseconds: 2_000)
      let second = try await stage.ledger.importSessions([item]) { outcomes, _ in outcomes }
      guard case .opened(let session) = second[0] else {
        Issue.record("\(second)")
        return
      }
      #expect(!stage.refusesAccess(of: session))
    }
  }

  @Test(
    "of a subject's outdated sessions ends those of another version, and of those without one the older; and names them",
    arguments: ConformingLedger.allCases)
  func outdated(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let (old, new) = (AccountVersion("1"), AccountVersion("2"))
      let outdated = try await stage.open(LedgerStage.grant(version: old))
      let unknown = try await stage.open(LedgerStage.grant(version: .unknown))
      stage.clock.advance(milliseconds: 1)
      let kept = try await stage.open(LedgerStage.grant(version: new))
      let later = try await stage.open(LedgerStage.grant(version: .unknown))
      let other = try await stage.open(LedgerStage.grant("bob", version: old))
      let moment = stage.clock.now
      func revoke(orBefore moment: Timestamp?) async throws -> Set<SessionID> {
        Set(try await stage.ledger.revoke(subject: "ann", openedUnderOtherThan: new, orBefore: moment))
      }
      #expect(try await revoke(orBefore: nil) == [outdated.id])
      #expect(try await revoke(orBefore: moment) == [unknown.id])
      #expect(try await revoke(orBefore: moment).isEmpty)
      #expect(stage.refusesAccess(of: outdated) && stage.refusesAccess(of: unknown))
      for session in [kept, later, other] {
        #expect(!stage.refusesAccess(of: session))
        #expect(try await stage.ledger.session(session.id) != nil)
      }
    }
  }

  @Test(
    "of an access token has it refused, and neither its session nor the token after it",
    arguments: ConformingLedger.allCases)
  func accessToken(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let session = try await stage.open()
      let end = session.refreshedAt.advanced(byMilliseconds: 60_000)
      try await stage.ledger.revokeAccess(session.tokenID, until: end)
      #expect(stage.refusesAccess(of: session))
      guard case .rotated(let next) = try await stage.rotate(RotationRequest(token: session.tokenID, client: "web"))
      else {
        Issue.record("the session has ended")
        return
      }
      #expect(!stage.refusesAccess(of: next))
    }
  }

  @Test(
    "ends the access tokens that no session stands behind if it comes after them, in the same millisecond too",
    arguments: ConformingLedger.allCases,
    [.client("robot"), .subject("robot"), .subjectAtClient(subject: "robot", client: "robot"), .all]
      as [SessionScope])
  func withoutSession(kind: ConformingLedger, scope: SessionScope) async throws {
    try await kind.play { stage in
      let sequence = await stage.ledger.statistics.sequence
      let before = try await stage.ledger.issueAccess(client: "robot")
      #expect(await stage.ledger.statistics.sequence == sequence)
      #expect(try await stage.ledger.revoke(scope) == 0)
      let after = try await stage.ledger.issueAccess(client: "robot")
      #expect(before.id != after.id)
      func isRefused(_ issued: (id: SessionID, moment: LedgerMoment)) -> Bool {
        stage.ledger.register.isRefused(
          TokenID(session: issued.id, generation: 0), subject: "robot", client: "robot",
          issuedAt: issued.moment.time.seconds)
      }
      #expect(isRefused(before))
      #expect(!isRefused(after))
      #expect(try await stage.ledger.revoke(scope) == 0)
      #expect(isRefused(after))
    }
  }

  @Test("closes the grace window of a token whose successor was seen", arguments: ConformingLedger.allCases)
  func seen(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let session = try await stage.open()
      let request = RotationRequest(token: session.tokenID, client: "web", graceMilliseconds: 10_000, reuse: .refuse)
      guard case .rotated(let next) = try await stage.rotate(request) else { return }
      guard case .retried = try await stage.rotate(request) else {
        Issue.record("a retry in the window was refused")
        return
      }
      stage.ledger.register.noteUse(of: next.tokenID, issuedAt: next.refreshedAt.seconds, now: stage.ledger.now())
      let refusal = RotationRefusal.reused(.lateParent, generationsBehind: 1, revokedSession: false)
      #expect(try await stage.rotate(request) == .refused(refusal))
    }
  }
}
