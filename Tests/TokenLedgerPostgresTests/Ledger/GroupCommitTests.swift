#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Testing

@testable import TokenLedgerPostgres

/// Callers that wait together.
@Suite("Callers that wait for a lane", .fewAtOnce, .timeLimit(.minutes(10)))
struct GroupCommitTests {
  /// Has so many steps wait as `body` makes, and then go.
  private func holdingSteps(_ tested: TestedLanes, _ body: () async throws -> Void) async throws {
    let holder = try tested.fixture.database.connect()
    defer { holder.close() }
    let deadline = ContinuousClock.now + .seconds(30)
    try holder.simple(
      """
      set search_path to refresh_ledger; begin;
      select pg_advisory_xact_lock(\(LedgerSQL.lockSpace), \(LedgerSQL.stepLock))
      """, deadline: deadline)
    try await body()
    try holder.simple("rollback", deadline: deadline)
  }

  @Test("are refreshed with one transaction for all that wait, and each gets its own", arguments: [2, 64, 300])
  func together(count: Int) async throws {
    try await TestedLanes.with { tested in
      let sessions = try await tested.sessions(count)
      try await withThrowingTaskGroup(of: Rotation.self) { group in
        try await holdingSteps(tested) {
          for session in sessions { group.addTask { try await tested.rotate(session.tokenID) } }
          while tested.lanes.queue.callCount < count { await Task.yield() }
        }
        var granted: [TokenID: Int] = [:]
        for try await rotation in group {
          let session = try #require(rotation.granted)
          granted[session.tokenID, default: 0] += 1
        }
        #expect(granted == Dictionary(uniqueKeysWithValues: sessions.map { ($0.tokenID.next, 1) }))
      }
      // The first to come may have gone alone.
      let transactions = try tested.fixture.value(
        "select count(distinct xmin::text) from ledger.session where generation = 2")
      #expect(Int(try #require(transactions)) ?? .max <= 2 + (count - 1) / 256)
    }
  }

  @Test("with one token are granted one of them, and the others meet what became of it")
  func oneToken() async throws {
    try await TestedLanes.with { tested in
      let session = try await tested.sessions()[0]
      try await withThrowingTaskGroup(of: Rotation.self) { group in
        try await holdingSteps(tested) {
          for _ in 0..<20 { group.addTask { try await tested.rotate(session.tokenID) } }
          while tested.lanes.queue.callCount < 20 { await Task.yield() }
        }
        var (granted, revoking, refused) = (0, 0, 0)
        for try await rotation in group {
          switch rotation {
          case .rotated: granted += 1
          case .refused(.reused(_, generationsBehind: 1, revokedSession: true)): revoking += 1
          case .refused(.revoked(generationsBehind: 1)): refused += 1
          default: Issue.record("\(rotation)")
          }
        }
        #expect(granted == 1 && revoking == 1 && refused == 18)
      }
    }
  }

  @Test("beside a row that no statement can take are refreshed, and the one that meets it is told that it is not")
  func poisoned() async throws {
    try await TestedLanes.with { tested in
      let sessions = try await tested.sessions(40)
      let poisoned = sessions[17]
      try tested.fixture.execute(
        """
        alter table session drop constraint session_idle_ms_check;
        update session set idle_ms = 9223372036854775807 where id = \(poisoned.id.literal)
        """)
      try await withThrowingTaskGroup(of: (SessionID, Result<Rotation, LedgerError>).self) { group in
        try await holdingSteps(tested) {
          for session in sessions {
            group.addTask {
              do throws(LedgerError) {
                return (session.id, .success(try await tested.rotate(session.tokenID)))
              } catch { return (session.id, .failure(error)) }
            }
          }
          while tested.lanes.queue.callCount < 40 { await Task.yield() }
        }
        for try await (id, result) in group {
          switch result {
          case .success(let rotation): #expect(rotation.granted != nil && id != poisoned.id)
          case .failure(let error):
            guard case .outcomeUnknown = error else {
              Issue.record("\(error)")
              continue
            }
            #expect(id == poisoned.id)
          }
        }
      }
    }
  }

  @Test("beside a row that another holds are refreshed before it lets go")
  func heldRow() async throws {
    try await TestedLanes.with(count: 2) { tested in
      let sessions = try await tested.sessions(10)
      let holder = try tested.fixture.database.connect()
      defer { holder.close() }
      try holder.simple(
        "begin; update refresh_ledger.session set label = 'held' where id = \(sessions[3].id.literal)",
        deadline: .now + .seconds(20))
      async let held = tested.rotate(sessions[3].tokenID)
      for (index, session) in sessions.enumerated() where index != 3 {
        #expect(try await tested.rotate(session.tokenID).granted != nil)
      }
      try holder.simple("commit", deadline: .now + .seconds(20))
      #expect(try await held.granted?.label == "held")
    }
  }

  @Test("are refused as too many where more wait than may")
  func overloaded() async throws {
    let queue = try LaneQueue(lanes: 1, requestDeadline: .seconds(60))
    let request = RotationRequest(token: TokenID(session: .random(), generation: 0), client: "web")
    for _ in 0..<LaneQueue.waitingMax { try queue.add(RotationCall(request, limit: queue.limit)) }
    #expect(throws: LedgerError.overloaded) { try queue.add(RotationCall(request, limit: queue.limit)) }
  }

  @Test("are answered at their deadline where a step heeds none")
  func hung() async throws {
    let tested = try await TestedLanes(LedgerFixture(), deadline: .milliseconds(300))
    let end = Semaphore()
    let under: LedgerError? = await failure { () async throws(LedgerError) in
      try await tested.lanes.perform { (_: LedgerConnection, _: Attempt, _) throws(DatabaseError) in end.wait() }
    }
    guard case .outcomeUnknown? = under else {
      Issue.record("\(String(describing: under))")
      return
    }
    let behind = await failure { () async throws(LedgerError) in
      _ = try await tested.rotate(TokenID(session: .random(), generation: 0))
    }
    guard case .unavailable? = behind else {
      Issue.record("\(String(describing: behind))")
      return
    }
    end.post()
    await tested.lanes.queue.close()
  }

  private func failure(_ call: () async throws(LedgerError) -> Void) async -> LedgerError? {
    do {
      try await call()
      return nil
    } catch {
      return error
    }
  }

  @Test("are answered at their deadline while the database hangs, and go on after it")
  func frozen() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let fixture = try await LedgerFixture(on: server)
    let ready = try await TestedLanes(fixture)
    let sessions = try await ready.sessions(8)
    let tested = try await TestedLanes(fixture, count: 2, deadline: .milliseconds(500))
    server.freeze()
    await withTaskGroup(of: LedgerError?.self) { group in
      for session in sessions {
        group.addTask { await failure { () async throws(LedgerError) in _ = try await tested.rotate(session.tokenID) } }
      }
      for await error in group {
        switch error {
        case .outcomeUnknown, .unavailable: break
        default: Issue.record("\(String(describing: error))")
        }
      }
    }
    server.thaw()
    await ready.lanes.queue.close()
    let request = OpeningRequest(id: .random(), grant: try .tested("bob"))
    while await (try? tested.lanes.open([request], deadline: nil)) == nil {}
    #expect(try fixture.value("select count(*) from ledger.session where subject = 'bob'") == "1")
    await tested.lanes.queue.close()
  }
}

extension TokenID {
  fileprivate var next: TokenID { TokenID(session: session, generation: generation + 1) }
}
#endif
