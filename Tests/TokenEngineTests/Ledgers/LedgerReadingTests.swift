import RotationModel
import Testing
import TokenTesting

/// What the protocols say of listings, counts, names, events and one-time tokens.
@Suite("What any ledger tells", .fewAtOnce)
struct LedgerReadingTests {
  /// Ten sessions of two subjects at two clients.
  private func crowd(_ stage: LedgerStage) async throws -> [Session] {
    var sessions: [Session] = []
    for number in 0..<10 {
      sessions.append(try await stage.open(number % 2 == 0 ? "ann" : "bob", number < 6 ? "web" : "app"))
    }
    return sessions
  }

  @Test(
    "in pages has each live session of a scope once, whatever their size, and counts them",
    arguments: ConformingLedger.allCases,
    [.all, .subject("ann"), .client("app"), .subjectAtClient(subject: "bob", client: "web"), .client("nobody")]
      as [SessionScope])
  func pages(kind: ConformingLedger, scope: SessionScope) async throws {
    try await kind.play { stage in
      let sessions = try await crowd(stage)
      #expect(try await stage.ledger.revoke(sessions[0].id))
      let expected = sessions.dropFirst().filter { scope.contains(subject: $0.subject, client: $0.client) }
      for limit in [1, 2, 1000] {
        var (found, cursor): ([Session], SessionCursor?) = ([], nil)
        repeat {
          let page = try await stage.ledger.sessions(of: scope, after: cursor, limit: limit)
          #expect(page.sessions.count <= limit)
          found += page.sessions
          cursor = page.next
        } while cursor != nil
        #expect(found.count == expected.count)
        #expect(Set(found) == Set(expected))
      }
      #expect(try await stage.ledger.sessionCount(of: scope) == expected.count)
    }
  }

  @Test("refuses a page outside its limits, and a cursor that no page gave", arguments: ConformingLedger.allCases)
  func badPages(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      _ = try await crowd(stage)
      for limit in [0, -1, 1001] {
        await #expect(throws: LedgerError.invalid(field: "limit", limit: Limits.page.text)) {
          try await stage.ledger.sessions(of: .all, after: nil, limit: limit)
        }
      }
      let strange = try #require(SessionCursor(text: "~"))
      await #expect {
        try await stage.ledger.sessions(of: .subject("ann"), after: strange, limit: 10)
      } throws: { error in
        if case .invalid("after", _)? = error as? LedgerError { true } else { false }
      }
    }
  }

  @Test(
    "of who has sessions is each subject once, and each client once for each version with its oldest opening",
    arguments: ConformingLedger.allCases)
  func holders(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let (first, second) = (AccountVersion("1"), AccountVersion("2"))
      var sessions: [Session] = []
      for (scope, version) in [("read", first), ("write", first), ("read", second), ("read", first)] {
        let grant = try LedgerStage.grant(scope: scope, clientVersion: version)
        sessions.append(try await stage.open(grant))
        stage.clock.advance(milliseconds: 1)
      }
      // They go on by other terms, the younger one first.
      let lifetimes = try #require(Lifetimes(idleMilliseconds: 7_200_000, absoluteMilliseconds: 360_000_000))
      for session in [sessions[3], sessions[0]] {
        let request = RotationRequest(
          token: session.tokenID, client: "web", terms: SessionTerms(lifetimes: lifetimes))
        guard case .rotated = try await stage.rotate(request) else {
          Issue.record("a live token was not rotated")
          return
        }
      }
      #expect(try await stage.ledger.revoke(stage.open("bob", "app").id))
      let holders = try await stage.ledger.holders()
      #expect(holders.subjects == ["ann"])
      #expect(
        Set(holders.clients) == [
          SessionHolders.ClientHolding(client: "web", version: first, firstOpening: sessions[0].openedAt),
          SessionHolders.ClientHolding(client: "web", version: second, firstOpening: sessions[2].openedAt),
        ])
      #expect(holders.clients.count == 2)
    }
  }

  @Test(
    "of a name in another form than NFC is that it is refused, for a session and for a scope",
    arguments: ConformingLedger.allCases)
  func names(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let (kept, other) = ("jos\u{E9}", "jose\u{301}")
      let session = try await stage.open(kept)
      #expect(Array(session.subject.utf8) == Array(kept.utf8))
      func isRefused(_ call: () async throws -> Void) async -> Bool {
        do {
          try await call()
          return false
        } catch LedgerError.invalid {
          return true
        } catch {
          return false
        }
      }
      #expect(await isRefused { _ = try await stage.open(other) })
      #expect(await isRefused { _ = try await stage.open("ann", other) })
      #expect(await isRefused { _ = try await stage.ledger.revoke(.subject(other)) })
      #expect(await isRefused { _ = try await stage.ledger.sessions(of: .client(other), after: nil, limit: 1) })
      #expect(
        await isRefused {
          _ = try await stage.ledger.revoke(subject: other, openedUnderOtherThan: .none, orBefore: nil)
        })
      #expect(try await stage.ledger.sessions(of: .subject(kept), after: nil, limit: 1).sessions.count == 1)
    }
  }

  @Test(
    "of a session that is brought in again is what it is now, and nothing of one that has ended",
    arguments: ConformingLedger.allCases)
  func imports(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let ids = [SessionID(high: 1, low: 1), SessionID(high: 2, low: 2)]
      let batch = try ids.map { SessionImport(id: $0, grant: try LedgerStage.grant()) }
      let first = try await stage.ledger.importSessions(batch) { outcomes, _ in outcomes }
      let opened = first.compactMap { if case .opened(let session) = $0 { session } else { nil } }
      #expect(opened.map(\.id) == ids)
      stage.clock.advance(milliseconds: 10)
      let request = RotationRequest(token: TokenID(session: ids[0], generation: 0), client: "web")
      guard case .rotated(let next) = try await stage.rotate(request) else { return }
      #expect(try await stage.ledger.revoke(ids[1]))
      let again = try await stage.ledger.importSessions(batch) { outcomes, _ in outcomes }
      #expect(again == [.present(next), .present(nil)])
    }
  }

  @Test(
    "of a one-time token, once: of 20 presenters one gets its content, and none for another purpose or at its end",
    arguments: ConformingLedger.allCases)
  func oneTime(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let ledger = stage.ledger
      let grant = OneTimeGrant(purpose: "reset", subject: "ann", payload: [1, 2], lifetimeMilliseconds: 60_000)
      let id = try await ledger.issue(grant) { id, _ in id }
      let late = try await ledger.issue(grant) { id, _ in id }
      #expect(try await ledger.consume(id, purpose: "invite") == .refused(.wrongPurpose))
      #expect(try await ledger.consume(SessionID(high: 1, low: 1), purpose: "reset") == .refused(.unknown))
      stage.clock.advance(milliseconds: 59_999)
      let outcomes = try await withThrowingTaskGroup(of: OneTimeConsumption.self) { group in
        for _ in 0..<20 { group.addTask { try await ledger.consume(id, purpose: "reset") } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.count { $0 == .consumed(subject: "ann", payload: [1, 2]) } == 1)
      #expect(outcomes.count { $0 == .refused(.alreadyConsumed) } == 19)
      stage.clock.advance(milliseconds: 1)
      let refusal = try await ledger.consume(late, purpose: "reset")
      #expect(refusal == .refused(.expired) || refusal == .refused(.unknown))
    }
  }

  @Test(
    "as events is told in their order, from a place on, each once it is durable; none from a place ahead of it",
    .timeLimit(.minutes(10)), arguments: ConformingLedger.allCases)
  func events(kind: ConformingLedger) async throws {
    try await kind.play(holding: true) { stage in
      let ledger = stage.ledger
      let session = try await stage.open()
      let last = await ledger.statistics.sequence
      let events = try await ledger.events(after: last, buffer: 100)
      await stage.hold()
      let rotation = try await stage.begin { () async throws(LedgerError) in
        try await ledger.rotate(RotationRequest(token: session.tokenID, client: "web"), deadline: nil) { _, _ in }
      }
      let told = HeldCall { () async throws(LedgerError) -> [AuditEvent.Fact] in
        var iterator = events.makeAsyncIterator()
        var facts: [AuditEvent.Fact] = []
        while facts.count < 2, let event = try await iterator.next() { facts.append(event.fact) }
        return facts
      }
      #expect(await !told.hasReturned())
      await stage.release()
      #expect(await rotation.failure == nil)
      #expect(try await ledger.revoke(session.id))
      #expect(
        try await told.task.value.get() == [
          .rotated(TokenID(session: session.id, generation: 1), subject: "ann", client: "web"),
          .revoked(session.id, subject: "ann", client: "web", .requested),
        ])
      let ahead = await ledger.statistics.sequence + 1
      await #expect {
        try await ledger.events(after: ahead, buffer: 100)
      } throws: { error in
        if case .invalid("after", _)? = error as? LedgerError { true } else { false }
      }
    }
  }
}
