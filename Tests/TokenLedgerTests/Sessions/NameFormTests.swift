import LedgerTesting
import Platform
import Testing
import WriteAheadLog

@testable import TokenLedger

extension RefreshLedger {
  /// Opens a session as releases did before names were normalised.
  func openAsBefore(_ grant: SessionGrant) throws(LedgerError) -> Session {
    try machine.open(grant, into: &events).outcome
  }
}

@Suite("The form of names")
struct NameFormTests {
  /// In NFC, and in another form: marks, a syllable of Hangul, singletons.
  static let spellings = [
    ("jos\u{E9}", "jose\u{301}"), ("\u{D55C}\u{AE00}", "\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"),
    ("\u{C5}sa", "\u{212B}sa"), ("\u{C5}sa", "A\u{30A}sa"), ("K", "\u{212A}"), ("q\u{323}\u{307}", "q\u{307}\u{323}"),
    ("\u{1EB9}\u{301}", "e\u{301}\u{323}"), ("\u{915}\u{93C}", "\u{958}"),
  ]

  @Test("What is typed in any form is the same name in NFC", arguments: spellings)
  func typed(kept: String, other: String) {
    #expect(NameForm.typed(other).hasSameBytes(as: kept))
    #expect(NameForm.typed(kept).hasSameBytes(as: kept))
    #expect(NameForm.isKept(kept) && !NameForm.isKept(other))
  }

  @Test(
    "What is no other spelling stays as it is: compatibility characters, case, spaces",
    arguments: ["\u{FB01}n", "\u{2460}", "\u{FF21}nn", "Ann", " ann ", "a\u{A0}b", "", "\u{301}a"])
  func untouched(name: String) {
    #expect(NameForm.typed(name).hasSameBytes(as: name) && NameForm.isKept(name))
  }

  @Test(
    "What is longer than any name is left as it is, to be refused: to put its marks in order would take the square of their number",
    arguments: ["e\u{301}", "\u{301}\u{323}"])
  func long(part: String) {
    let name = "a" + String(repeating: part, count: 200_000)
    #expect(NameForm.typed(name).hasSameBytes(as: name) && !NameForm.isKept(name) && !NameForm.selects(name, "ann"))
  }

  @Test("30 marks in a row are put in order, with 31 it is no name")
  func marks() async throws {
    let most = "a" + String(repeating: "\u{301}\u{323}", count: 15)
    #expect(NameForm.isKept(NameForm.typed(most)))
    let over = most + "\u{301}"
    #expect(NameForm.typed(over).hasSameBytes(as: over) && !NameForm.isKept(over))
    await #expect(throws: LedgerError.self) {
      try await CrowdFixture().ledger.open(CrowdFixture.grant(over, "web"))
    }
  }

  @Test("A selector in NFC means every spelling, one in another form its own bytes", arguments: spellings)
  func selects(kept: String, other: String) {
    #expect(NameForm.selects(kept, kept) && NameForm.selects(kept, other) && NameForm.selects(other, other))
    #expect(!NameForm.selects(other, kept) && !NameForm.selects(kept, "ann"))
  }

  @Test(
    "A new session of a name in another form is refused with the member, and nothing is opened", arguments: spellings)
  func refusesOpening(kept: String, other: String) async throws {
    let fixture = CrowdFixture()
    for (field, subject, client) in [("subject", other, "web"), ("client", "ann", other)] {
      let grant = try CrowdFixture.grant(subject, client)
      let item = SessionImport(id: SessionID(high: 1, low: 1), grant: grant)
      for open in [
        { _ = try await fixture.ledger.open(grant) }, { _ = try await fixture.ledger.open([grant]) },
        { _ = try await fixture.ledger.stageImport([item]) },
      ] as [() async throws -> Void] {
        let failure = await #expect(throws: LedgerError.self) { try await open() }
        #expect(failure?.description == "\(field) is outside its limit: \(NameForm.limit)")
      }
    }
    #expect(await fixture.ledger.statistics.sequence == 0)
    let session = try await fixture.open(kept, kept)
    #expect(session.subject.hasSameBytes(as: kept) && session.client.hasSameBytes(as: kept))
  }

  @Test("A one-time token for a subject in another form is refused")
  func refusesOneTimeToken() async throws {
    let grant = OneTimeGrant(purpose: "reset", subject: "jose\u{301}", payload: [], lifetimeMilliseconds: 1000)
    await #expect(throws: LedgerError.self) { try await CrowdFixture().ledger.issue(grant) }
  }

  @Test(
    "Asking about a name in a form that the log does not hold is refused, not answered with nothing",
    arguments: [
      SessionScope.subject("jose\u{301}"), .client("jose\u{301}"),
      .subjectAtClient(subject: "ann", client: "jose\u{301}"), .subjectAtClient(subject: "jose\u{301}", client: "web"),
    ])
  func refusesSelectors(scope: SessionScope) async throws {
    let place = try LedgerPlace()
    let ledger = try await place.open()
    _ = try await ledger.open(CrowdFixture.grant("jos\u{E9}", "jos\u{E9}"))
    await #expect(throws: LedgerError.self) { try await ledger.revoke(scope) }
    await #expect(throws: LedgerError.self) { _ = try await ledger.sessions(of: scope) }
    await #expect(throws: LedgerError.self) {
      _ = try await ledger.revoke(
        subject: "jose\u{301}", openedUnderOtherThan: .none, orBefore: place.clock.now)
    }
    await #expect(throws: LedgerError.self) {
      _ = try await ledger.endedSessions(ofSubject: "jose\u{301}", within: HistoryLimits(duration: .seconds(600)))
    }
    #expect(await ledger.sessionCount(of: .all) == 1)
    try await ledger.close()
  }

  @Test("A record concerns a subject only byte by byte")
  func recordOfAnotherSpelling() {
    let record = LedgerRecord(
      sequence: 1, time: .zero, kind: "expired", session: SessionID(high: 1, low: 1), subject: "\u{E9}", facts: [],
      ended: [LedgerRecord.Ended(session: SessionID(high: 2, low: 2), subject: "\u{E9}")])
    #expect(record.concerns(subject: "\u{E9}"))
    #expect(!record.concerns(subject: "e\u{301}"))
  }
}

/// A log of an older release: sessions of one name in two spellings, and of another.
@Suite("A log that holds names in other forms")
struct OldNameTests {
  private static let kept = "jos\u{E9}"
  private static let other = "jose\u{301}"
  private let place: LedgerPlace
  private let ledger: RefreshLedger
  /// By age: the first is named in NFC, two in the other form; the last is ann's.
  private let sessions: [Session]

  init() async throws {
    place = try LedgerPlace()
    let old = try await place.open()
    var sessions: [Session] = []
    for name in [Self.kept, Self.other, Self.other, "ann"] {
      sessions.append(try await old.openAsBefore(CrowdFixture.grant(name, name)))
      place.clock.advance(milliseconds: 1)
    }
    self.sessions = sessions
    try await old.close()
    ledger = try await place.open()
  }

  private func live() async throws -> [Bool] {
    var live: [Bool] = []
    for session in sessions { live.append(try await ledger.session(session.id) != nil) }
    return live
  }

  private static func scopes(_ name: String) -> [SessionScope] {
    [.subject(name), .client(name), .subjectAtClient(subject: name, client: name)]
  }

  @Test("A log with names in other forms opens, and its sessions go on under the bytes that they have")
  func opens() async throws {
    for session in sessions {
      let next = try await ledger.rotate(RotationRequest(token: session.tokenID, client: session.client)).session
      #expect(try #require(next).subject.hasSameBytes(as: session.subject))
    }
    try await ledger.close()
  }

  @Test(
    "A log with names in other forms is listed and counted by the name in NFC in every spelling, on pages of any size",
    arguments: 1...4)
  func lists(limit: Int) async throws {
    for scope in Self.scopes(Self.kept) {
      var ids: [SessionID] = []
      var cursor: SessionCursor?
      repeat {
        let page = try await ledger.sessions(of: scope, after: cursor, limit: limit)
        #expect(page.sessions.count <= limit)
        ids += page.sessions.map(\.id)
        cursor = page.next
      } while cursor != nil
      #expect(Set(ids) == Set(sessions[0...2].map(\.id)) && ids.count == 3)
      #expect(await ledger.sessionCount(of: scope) == 3)
    }
    let strange = SlotCursor(slot: 3, session: sessions[3].id).text
    await #expect(throws: LedgerError.self) {
      _ = try await ledger.sessions(of: .subject(Self.kept), after: strange, limit: limit)
    }
    try await ledger.close()
  }

  @Test(
    "A revocation by the name in NFC ends every spelling that a log holds, access tokens too, also after a restart",
    arguments: scopes(kept))
  func revokes(scope: SessionScope) async throws {
    try await ledger.revoke(scope)
    #expect(try await live() == [false, false, false, true])
    try await ledger.close()
    let again = try await place.open()
    for session in sessions {
      for ledger in [ledger, again] {
        let refuses = ledger.revocations.refuse(
          session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
        #expect(refuses == (session.subject != "ann"))
      }
    }
    #expect(try await again.session(sessions[1].id) == nil)
    try await again.close()
  }

  @Test("A log with names in other forms is revoked by bytes where the name is given as the log holds it")
  func revokesBytes() async throws {
    try await ledger.revoke(.subject(Self.other))
    #expect(try await live() == [true, false, false, true])
    try await ledger.close()
  }

  @Test("A log with names in other forms gives up the sessions from before a moment in every spelling")
  func revokesBefore() async throws {
    let ended = try await ledger.revoke(
      subject: Self.kept, openedUnderOtherThan: .none, orBefore: sessions[2].openedAt)
    #expect(Set(ended) == Set(sessions[0...1].map(\.id)))
    try await ledger.close()
  }

  @Test(
    "A log with names in other forms tells ended sessions of a name in every spelling, before and after a checkpoint"
  )
  func ended() async throws {
    func ended(_ name: String) async throws -> Set<SessionID> {
      let found = try await ledger.endedSessions(ofSubject: name, within: HistoryLimits(duration: .seconds(600)))
      return Set(try #require(found).sessions.map(\.session.id))
    }
    for session in sessions[0...1] { _ = try await ledger.revoke(session.id) }
    for _ in 0...1 {
      #expect(try await ended(Self.kept) == Set(sessions[0...1].map(\.id)))
      #expect(try await ended(Self.other) == [sessions[1].id])
      _ = try await ledger.checkpoint()
    }
    try await ledger.revoke(.subject(Self.kept))
    #expect(try await ended(Self.kept) == Set(sessions[0...2].map(\.id)))
    #expect(try await ended(Self.other) == Set(sessions[1...2].map(\.id)))
    try await ledger.close()
  }

  @Test("A log with names in other forms keeps to the cap of a subject's sessions in every spelling")
  func evicts() async throws {
    try await ledger.close()
    let capped = try await RefreshLedger.open(
      folder: place.folder.path, options: LedgerOptions(durability: .none, sessionsPerSubjectMax: 3),
      clock: place.clock.sessionClock, random: SeededGenerator(seed: 5)
    ).ledger
    _ = try await capped.open(CrowdFixture.grant(Self.kept, "web"))
    #expect(await capped.sessionCount(of: .subject(Self.kept)) == 3)
    #expect(try await capped.session(sessions[0].id) == nil)
    try await capped.close()
  }
}
