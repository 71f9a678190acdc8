#if Postgres
import PostgresTesting
import RotationModel
import Testing

@testable import TokenLedgerPostgres

/// Calls whose connection breaks while they are under way.
@Suite("A call whose connection breaks", .fewAtOnce, .timeLimit(.minutes(10)))
struct UnknownOutcomeTests {
  static let faults: [ProxyFault] =
    (1...3).map { .cutBeforeStatement($0) } + [.cutBeforeCommit(1)]
    + [0, 1, 40, 200, 600].map { .cutInAnswer(1, bytes: $0) }

  @Test("refreshes once wherever that is, and answers with what it did", arguments: faults)
  func rotation(fault: ProxyFault) async throws {
    try await TestedLanes.with { tested in
      let session = try await tested.sessions()[0]
      tested.proxy.set(fault)
      let rotated = try #require(try await tested.rotate(session.tokenID).granted)
      #expect(tested.proxy.struckCount == 1)
      #expect(rotated.generation == session.generation + 1)
      let row = try tested.fixture.database.rows(
        "select generation, refreshed_at, status from refresh_ledger.session where id = \(session.id.literal)")
      #expect(row == [["\(rotated.generation)", "\(rotated.refreshedAt.milliseconds)", "1"]])
      #expect(try tested.fixture.value("select count(*) from ledger.event where kind = 2") == "2")
      // It is the pair that goes on.
      #expect(try await tested.rotate(rotated.tokenID).granted?.generation == rotated.generation + 1)
    }
  }

  @Test("refreshes once also if the token is good for any number of refreshes")
  func rotationOfTokenThatStays() async throws {
    try await TestedLanes.with { tested in
      _ = try await tested.sessions()
      var grant = try SessionGrant.tested("bob")
      grant.terms.rotation = .never
      let request = OpeningRequest(id: .random(), grant: grant)
      let session = try #require(try await tested.lanes.open([request], deadline: nil).session(request.id))
      tested.proxy.set(.cutInAnswer(1))
      let refreshed = try #require(try await tested.rotate(session.refreshTokenID).granted)
      #expect(tested.proxy.struckCount == 1)
      #expect(refreshed.generation == 1)
      #expect(try tested.fixture.value("select count(*) from ledger.event where kind = 3") == "1")
      // The next call is another one.
      #expect(try await tested.rotate(session.refreshTokenID).granted?.generation == 2)
    }
  }

  @Test("never revokes a session that went on elsewhere meanwhile")
  func movedOn() async throws {
    try await TestedLanes.with { tested in
      let session = try await tested.sessions()[0]
      let other = try await TestedLanes(tested.fixture)
      tested.proxy.set(.cutInAnswer(1))
      async let answer = tested.rotate(session.tokenID)
      while tested.proxy.struckCount == 0 { await Task.yield() }
      tested.proxy.isRefusing = true
      // Its first try is committed, since its answer was on the way.
      let first = TokenID(session: session.id, generation: session.generation + 1)
      var second = try await other.rotate(first)
      while second.granted == nil { second = try await other.rotate(first) }
      tested.proxy.isRefusing = false
      // The lane may have been quicker than the test: then it found its own mark.
      switch try await answer {
      case .refused(let refusal):
        #expect(refusal == .reused(.staleLineage, generationsBehind: 2, revokedSession: false))
      case .rotated(let found): #expect(found.tokenID == first)
      case let other: Issue.record("\(other)")
      }
      #expect(try tested.fixture.value("select status from ledger.session") == "1")
      await other.lanes.queue.close()
    }
  }

  @Test("that ended a session for reuse says so again, once", arguments: [0, 100])
  func reuse(bytes: Int) async throws {
    try await TestedLanes.with { tested in
      let session = try await tested.sessions()[0]
      let consumed = TokenID(session: session.id, generation: 0)
      // The fast step leaves it; of the slow one the second round trip commits.
      tested.proxy.set(.cutInAnswer(3, bytes: bytes))
      let answer = try await tested.rotate(consumed)
      #expect(tested.proxy.struckCount == 1)
      #expect(answer.refusal == .reused(.race, generationsBehind: 1, revokedSession: true))
      #expect(try tested.fixture.value("select count(*) from ledger.event where kind = 6") == "1")
      #expect(try tested.fixture.value("select count(*) from ledger.revocation") == "1")
    }
  }

  @Test("before a reuse is decided ends the session all the same")
  func reuseBefore() async throws {
    try await TestedLanes.with { tested in
      let session = try await tested.sessions()[0]
      // The first round trip of the slow step, which locks.
      tested.proxy.set(.cutInAnswer(2))
      let answer = try await tested.rotate(TokenID(session: session.id, generation: 0))
      #expect(tested.proxy.struckCount == 1)
      #expect(answer.refusal == .reused(.race, generationsBehind: 1, revokedSession: true))
    }
  }

  @Test("while a reuse is written, and may have been, does not have it judged again so that it revokes")
  func reuseMeanwhile() async throws {
    try await TestedLanes.with { tested in
      let session = try await tested.sessions()[0]
      // After 3 of the fast step and 7 that lock: what writes.
      tested.proxy.set(.cutBeforeStatement(11))
      let answer = try await tested.rotate(TokenID(session: session.id, generation: 0))
      #expect(tested.proxy.struckCount == 1)
      #expect(answer.refusal == .reused(.race, generationsBehind: 1, revokedSession: false))
      #expect(try tested.fixture.value("select status from ledger.session") == "1")
    }
  }

  @Test("opens one session, and gives it", arguments: faults)
  func opening(fault: ProxyFault) async throws {
    try await TestedLanes.with { tested in
      _ = try await tested.sessions()
      let request = OpeningRequest(id: .random(), grant: try .tested("bob"))
      tested.proxy.set(fault)
      let answer = try await tested.lanes.open([request], deadline: nil)
      #expect(tested.proxy.struckCount == 1)
      #expect(answer.isOpened == [true])
      #expect(answer.session(request.id)?.subject == "bob")
      #expect(try tested.fixture.value("select count(*) from ledger.session where subject = 'bob'") == "1")
      #expect(try tested.fixture.value("select count(*) from ledger.event where subject = 'bob'") == "1")
    }
  }

  @Test("consumes a one-time token for the caller that was cut off, and for nobody else", arguments: faults)
  func oneTime(fault: ProxyFault) async throws {
    try await TestedLanes.with { tested in
      let id = SessionID.random()
      let grant = OneTimeGrant(purpose: "reset", subject: "ann", payload: [1, 2], lifetimeMilliseconds: 60_000)
      for isRepeated in [false, true] {
        // An id that was drawn is issued once, however often that is tried.
        tested.proxy.set(isRepeated ? nil : fault)
        if !isRepeated {
          _ = try await tested.lanes.perform { (connection, attempt, deadline) throws(DatabaseError) in
            try OneTimeSteps.issue(grant, id: id, attempt: attempt, on: connection, deadline: deadline)
          }
          #expect(tested.proxy.struckCount == 1)
          tested.proxy.set(fault)
        }
        let consumption = try await tested.lanes.perform { (connection, attempt, deadline) throws(DatabaseError) in
          try OneTimeSteps.consume(id, purpose: "reset", attempt: attempt, on: connection, deadline: deadline)
        }
        #expect(consumption == (isRepeated ? .refused(.alreadyConsumed) : .consumed(subject: "ann", payload: [1, 2])))
      }
      #expect(tested.proxy.struckCount == 2)
      #expect(try tested.fixture.value("select count(*) from ledger.event where kind in (11, 12)") == "2")
    }
  }
}
#endif
