import LedgerTesting
import Testing

@testable import TokenLedger

@Suite("A listing of sessions")
struct ListingTests {
  private func list(_ ledger: RefreshLedger, _ scope: SessionScope, limit: Int) async throws -> [Session] {
    var sessions: [Session] = []
    var cursor: SessionCursor?
    repeat {
      let page = try await ledger.sessions(of: scope, after: cursor, limit: limit)
      #expect(page.sessions.count <= limit)
      sessions += page.sessions
      cursor = page.next
    } while cursor != nil
    return sessions
  }

  private func crowd() async throws -> (CrowdFixture, [Session]) {
    let fixture = CrowdFixture()
    var sessions: [Session] = []
    for number in 0..<60 {
      let grant = try CrowdFixture.grant(
        ["ann", "bob", "cy"][number % 3], ["web", "app"][number % 2], idle: number % 5 == 0 ? 50_000 : 100_000)
      sessions.append(try await fixture.ledger.open(grant))
    }
    return (fixture, sessions)
  }

  @Test(
    "A listing of sessions has each live session of its scope once, whatever the size of its pages",
    arguments: [
      .all, .subject("ann"), .client("app"), .subjectAtClient(subject: "cy", client: "web"), .subject("nobody"),
      .client("nobody"),
    ] as [SessionScope], [1, 7, 1000])
  func pages(scope: SessionScope, limit: Int) async throws {
    let (fixture, sessions) = try await crowd()
    _ = try await fixture.ledger.revoke(sessions[6].id)
    let expected = sessions.filter { session in
      guard session.id != sessions[6].id else { return false }
      return switch scope {
      case .all: true
      case .subject(let subject): session.subject == subject
      case .client(let client): session.client == client
      case .subjectAtClient(let subject, let client): session.subject == subject && session.client == client
      }
    }
    let listed = try await list(fixture.ledger, scope, limit: limit)
    #expect(listed.sorted { $0.id < $1.id } == expected.sorted { $0.id < $1.id })
    #expect(await fixture.ledger.sessionCount(of: scope) == expected.count)
  }

  @Test("A listing of sessions leaves out what has expired although its memory was not given back")
  func expired() async throws {
    let (fixture, _) = try await crowd()
    fixture.clock.advance(milliseconds: 50_000)
    #expect(try await list(fixture.ledger, .all, limit: 100).count == 48)
  }

  @Test("A listing of sessions that goes on after a session that has ended since is refused with the field")
  func lostPlace() async throws {
    let (fixture, _) = try await crowd()
    let page = try await fixture.ledger.sessions(of: .subject("ann"), limit: 3)
    let cursor = try #require(page.next)
    _ = try await fixture.ledger.revoke(try #require(SlotCursor(cursor)).session)
    await #expect { try await fixture.ledger.sessions(of: .subject("ann"), after: cursor) } throws: { error in
      guard case .invalid(field: "after", _)? = error as? LedgerError else { return false }
      return true
    }
  }

  @Test("A listing of sessions is the same after a checkpoint and a restart, labels included")
  func restart() async throws {
    let place = try LedgerPlace()
    let first = try await place.open()
    _ = try await first.open(CrowdFixture.grant("ann", "web", label: "Ann's telephone"))
    let tablet = try await first.open(CrowdFixture.grant("ann", "app", rotation: .never, label: "tablet"))
    try await first.checkpoint()
    _ = try await first.open(CrowdFixture.grant("ann", "web", label: "tablet"))
    let listed = try await list(first, .subject("ann"), limit: 10)
    try await first.close()
    let second = try await place.open()
    let again = try await list(second, .subject("ann"), limit: 10)
    #expect(again == listed)
    #expect(again.map(\.label) == ["Ann's telephone", "tablet", "tablet"])
    #expect(try await second.session(tablet.id)?.rotation == .never)
    try await second.close()
  }

  @Test("A listing of sessions is out of its limits with pages of 0 or 1001", arguments: [0, 1001])
  func limits(limit: Int) async throws {
    let fixture = CrowdFixture()
    await #expect(throws: LedgerError.self) { try await fixture.ledger.sessions(of: .all, limit: limit) }
  }

  @Test("A page after another subject's or another client's session is refused with the field")
  func foreignCursor() async throws {
    let fixture = CrowdFixture()
    _ = try await fixture.open("ann", "web")
    let foreign = try await fixture.open("bob", "app")
    _ = try await fixture.open("bob", "app")
    let cursor = SlotCursor(slot: 1, session: foreign.id).text
    let scopes: [SessionScope] = [.subject("ann"), .client("web"), .subjectAtClient(subject: "ann", client: "web")]
    for scope in scopes {
      await #expect(throws: LedgerError.self) { _ = try await fixture.ledger.sessions(of: scope, after: cursor) }
    }
  }

  @Test("A page after a text that no listing gave is refused with the field")
  func madeUpCursor() async throws {
    let fixture = CrowdFixture()
    _ = try await fixture.open("ann", "web")
    let cursor = try #require(SessionCursor(text: "made-up"))
    await #expect(throws: LedgerError.self) { _ = try await fixture.ledger.sessions(of: .all, after: cursor) }
  }

  @Test("A page after the highest slot number there can be is the empty end of the list")
  func highestCursor() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    let cursor = SlotCursor(slot: .max, session: session.id).text
    let page = try await fixture.ledger.sessions(of: .all, after: cursor)
    #expect(page == SessionPage(sessions: []))
  }
}

@Suite("A label")
struct LabelTests {
  @Test(
    "A label outside its limits is refused, and nothing is written",
    arguments: ["", String(repeating: "x", count: 129), "a\nb", "a\u{7F}", "a\u{85}"])
  func limits(label: String) async throws {
    let fixture = CrowdFixture()
    await #expect { try await fixture.ledger.open(CrowdFixture.grant("ann", "web", label: label)) } throws: { error in
      guard case .invalid(field: "label", _)? = error as? LedgerError else { return false }
      return true
    }
    #expect(await fixture.ledger.statistics.sequence == 0)
  }

  @Test("A label is forgotten with its session")
  func forgotten() async throws {
    let fixture = CrowdFixture()
    _ = try await fixture.ledger.open(CrowdFixture.grant("ann", "web", label: "telephone"))
    fixture.clock.advance(milliseconds: 200_000)
    try await fixture.ledger.sweepExpired()
    #expect(await fixture.ledger.state.names.count == 0)
  }
}

@Suite("A batch")
struct BatchTests {
  @Test("A batch does what its calls would do one after another, with one commit")
  func oneAfterAnother() async throws {
    let fixture = CrowdFixture()
    let sessions = try await fixture.ledger.open([
      CrowdFixture.grant("ann", "web"), CrowdFixture.grant("bob", "web"),
    ])
    let requests = [sessions[0].tokenID, sessions[1].tokenID, sessions[0].tokenID].map {
      RotationRequest(token: $0, client: "web", reuse: .refuse)
    }
    let outcomes = try await fixture.ledger.rotate(requests)
    #expect(outcomes.map { $0.session?.generation } == [1, 1, nil])
    #expect(outcomes[2].refusal == .reused(.race, generationsBehind: 1, revokedSession: false))
  }

  @Test("A batch of which one is outside its limits is refused whole, and nothing is written")
  func allOrNothing() async throws {
    let fixture = CrowdFixture()
    let bad = try CrowdFixture.grant(String(repeating: "x", count: 1025), "web")
    await #expect(throws: LedgerError.self) {
      try await fixture.ledger.open([CrowdFixture.grant("ann", "web"), bad])
    }
    let many = try Array(repeating: CrowdFixture.grant("ann", "web"), count: Limits.batch.range.upperBound + 1)
    await #expect(throws: LedgerError.self) { try await fixture.ledger.open(many) }
    #expect(await fixture.ledger.statistics.sequence == 0)
  }
}

@Suite("The id of a session")
struct SessionIDTests {
  @Test("The id of a session never has a text that a command line would take for an option")
  func noOption() {
    var random = SeededGenerator(seed: 1)
    #expect((0..<10_000).allSatisfy { _ in SessionID(from: &random).high >> 58 != 62 })
  }
}
