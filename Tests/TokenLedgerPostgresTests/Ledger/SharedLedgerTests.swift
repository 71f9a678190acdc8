#if Postgres
import PostgresTesting
import RotationModel
import Testing
import TokenTestInputs

@testable import TokenLedgerPostgres

/// Two instances on one database.
@Suite("Two instances on one ledger", .fewAtOnce, .timeLimit(.minutes(10)))
struct SharedLedgerTests {
  private func withTwo(
    _ change: (inout PostgresOptions) -> Void = { _ in },
    _ body: (LedgerFixture, PostgresLedger, PostgresLedger) async throws -> Void
  ) async throws {
    let fixture = try await LedgerFixture(clock: ManualClock())
    var options = fixture.options
    change(&options)
    try await fixture.withLedger(options) { one in
      try await fixture.withLedger(options) { other in try await body(fixture, one, other) }
    }
  }

  private func waits(until isSo: () async throws -> Bool) async throws {
    while try await !isSo() { try await Task.sleep(for: .milliseconds(5)) }
  }

  @Test("answer a retry within the grace window with the identical pair, whichever is asked")
  func grace() async throws {
    try await withTwo { _, one, other in
      let session = try await one.open()
      let first = try #require(try await one.rotate(session.tokenID, grace: 60_000).granted)
      let again = try await other.rotate(session.tokenID, grace: 60_000)
      #expect(again == .retried(first, .race))
      #expect(try await one.rotate(session.tokenID, grace: 60_000) == again)
    }
  }

  @Test("close the grace window when either has seen the successor's access token")
  func successor() async throws {
    try await withTwo { fixture, one, other in
      let session = try await one.open()
      let first = try #require(try await one.rotate(session.tokenID, grace: 60_000).granted)
      // The other one has heard that a window may be open.
      try await waits { try await other.rotate(session.tokenID, grace: 60_000) == .retried(first, .race) }
      other.register.noteUse(of: first.tokenID, issuedAt: first.refreshedAt.seconds, now: other.now())
      try await waits { try fixture.value("select successor_seen from ledger.session") == "true" }
      let refused = try await one.rotate(session.tokenID, grace: 60_000)
      #expect(refused.refusal == .reused(.lateParent, generationsBehind: 1, revokedSession: true))
    }
  }

  @Test("both refuse the access tokens of a session that a reuse at one of them has ended")
  func reuse() async throws {
    try await withTwo { _, one, other in
      let session = try await one.open()
      let first = try #require(try await other.rotate(session.tokenID).granted)
      let reused = try await one.rotate(session.tokenID)
      #expect(reused.refusal == .reused(.race, generationsBehind: 1, revokedSession: true))
      func refuses(_ ledger: PostgresLedger) -> Bool {
        ledger.register.isRefused(
          first.tokenID, subject: "ann", client: "web", issuedAt: first.refreshedAt.seconds)
      }
      #expect(refuses(one))
      try await waits { refuses(other) }
      #expect(try await other.rotate(first.tokenID).refusal == .revoked(generationsBehind: 0))
    }
  }

  @Test("grant one of any number of presentations of one token")
  func race() async throws {
    try await withTwo { _, one, other in
      for _ in 0..<10 {
        let session = try await one.open()
        let outcomes = try await withThrowingTaskGroup(of: Rotation.self) { group in
          for ledger in [one, other] {
            for _ in 0..<8 { group.addTask { try await ledger.rotate(session.tokenID, reuse: .refuse) } }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0.granted != nil } == 1)
        #expect(outcomes.count { $0.refusal == .reused(.race, generationsBehind: 1, revokedSession: false) } == 15)
      }
    }
  }

  @Test("never let a subject have more sessions than it may, and end the least recently used")
  func cap() async throws {
    try await withTwo {
      $0.sessionsPerSubjectMax = 3
    } _: { fixture, one, other in
      let first = try await one.open("cap")
      let second = try await other.open("cap")
      let used = try #require(try await one.rotate(first.tokenID).granted)
      _ = try await one.open("cap")
      _ = try await other.open("cap")
      #expect(try await one.session(second.id) == nil)
      #expect(try await one.session(used.id) != nil)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for ledger in [one, other] {
          for index in 0..<40 { group.addTask { _ = try await ledger.open("crowd \(index % 4)") } }
        }
        try await group.waitForAll()
      }
      let most = "select max(n) from (select count(*) n from ledger.session where status = 1 group by subject) c"
      #expect(try fixture.value(most) == "3")
      #expect(try fixture.value("select count(*) from ledger.event where cause = 4") == "\(1 + 80 - 12)")
    }
  }

  @Test("consume a one-time token once")
  func oneTime() async throws {
    try await withTwo { _, one, other in
      for _ in 0..<10 {
        let grant = OneTimeGrant(purpose: "reset", subject: "ann", payload: [7], lifetimeMilliseconds: 60_000)
        let id = try await one.issue(grant) { id, _ in id }
        #expect(try await other.consume(id, purpose: "invite") == .refused(.wrongPurpose))
        let outcomes = try await withThrowingTaskGroup(of: OneTimeConsumption.self) { group in
          for ledger in [one, other] {
            for _ in 0..<8 { group.addTask { try await ledger.consume(id, purpose: "reset") } }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .consumed(subject: "ann", payload: [7]) } == 1)
        #expect(outcomes.count { $0 == .refused(.alreadyConsumed) } == 15)
      }
    }
  }

  @Test(
    "end by a mark what was opened before it at either, and nothing that is opened after it", arguments: [true, false])
  func marks(ofClient: Bool) async throws {
    try await withTwo { _, one, other in
      let before = [try await one.open("a"), try await other.open("b")]
      let spared = try await other.open("c", client: "app")
      let count = try await one.revoke(ofClient ? .client("web") : .all)
      #expect(count == (ofClient ? 2 : 3))
      let after = try await other.open("d")
      for session in before {
        #expect(try await other.rotate(session.tokenID).refusal == .revoked(generationsBehind: 0))
        #expect(try await one.session(session.id) == nil)
      }
      let isGranted = try await one.rotate(spared.tokenID, client: "app").granted != nil
      #expect(isGranted == ofClient)
      #expect(try await one.rotate(after.tokenID).granted != nil)
      #expect(try await other.sessionCount(of: .all) == (ofClient ? 2 : 1))
      func refuses(_ ledger: PostgresLedger, _ session: Session) -> Bool {
        ledger.register.isRefused(
          session.tokenID, subject: session.subject, client: session.client, issuedAt: session.openedAt.seconds)
      }
      for session in before {
        #expect(refuses(one, session))
        try await waits { refuses(other, session) }
      }
      // Also within the second of the mark.
      try await waits { !refuses(one, after) }
      #expect(!refuses(other, after))
    }
  }

  @Test("list the sessions of both in pages that hold each once")
  func pages() async throws {
    try await withTwo { _, one, other in
      var ids: Set<SessionID> = []
      for index in 0..<25 { ids.insert(try await (index.isMultiple(of: 2) ? one : other).open("list").id) }
      var (listed, cursor): ([SessionID], SessionCursor?) = ([], nil)
      repeat {
        let page = try await other.sessions(of: .subject("list"), after: cursor, limit: 7)
        listed += page.sessions.map(\.id)
        cursor = page.next
      } while cursor != nil
      #expect(listed.count == 25 && Set(listed) == ids)
      #expect(try await one.holders().subjects == ["list"])
      let nowhere = SessionCursor(text: "nowhere")
      await #expect(throws: LedgerError.self) { try await one.sessions(of: .all, after: nowhere) }
    }
  }
}
#endif
