import LedgerTesting
import Testing

@testable import RotationModel
@testable import TokenLedger

@Suite("Revocations that are followed from elsewhere")
struct FollowedRevocationTests {
  /// A copy of a ledger's register in another process: it is told what the journal has, in the form of the wire's
  /// values.
  private struct Copy {
    let register: any FollowedRegister
    let table = RevocationTable()
    var cursor: RevocationJournal.Cursor

    init(of ledger: RefreshLedger) throws {
      register = try #require(ledger.register as? any FollowedRegister)
      let (all, cursor) = register.listing(at: ledger.now())
      table.insert(all)
      self.cursor = cursor
    }

    mutating func readOn() throws {
      while case .news(let news, let next) = register.journal.read(after: cursor, most: 3), !news.isEmpty {
        table.insert(news)
        cursor = next
      }
      guard case .news = register.journal.read(after: cursor, most: 0) else {
        Issue.record("the place was lost")
        return
      }
    }

    func refuses(_ session: Session) -> Bool {
      table.isRefused(
        session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
    }
  }

  @Test(
    "are refused in the copy just where the ledger refuses them, whatever was opened and ended, and in whatever second",
    arguments: 1...200 as ClosedRange<UInt64>)
  func sameVerdicts(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let fixture = CrowdFixture()
    let (subjects, clients) = (["ann", "bob"], ["web", "app"])
    var copies = [try Copy(of: fixture.ledger)]
    var sessions: [Session] = []
    for _ in 0..<60 {
      switch Int.random(in: 0..<12, using: &random) {
      case 0..<5:
        let subject = subjects[Int.random(in: 0...1, using: &random)]
        sessions.append(try await fixture.open(subject, clients[Int.random(in: 0...1, using: &random)]))
      case 5:
        guard let session = sessions.randomElement(using: &random) else { break }
        _ = try await fixture.ledger.revoke(session.id)
      case 6:
        guard let session = sessions.randomElement(using: &random) else { break }
        let end = fixture.clock.now.advanced(byMilliseconds: 60_000)
        try await fixture.ledger.revokeAccess(session.tokenID, until: end)
      case 7: try await fixture.ledger.revoke(.subject(subjects[Int.random(in: 0...1, using: &random)]))
      case 8:
        let scope = [SessionScope.all, .client("web"), .subjectAtClient(subject: "ann", client: "app")]
        try await fixture.ledger.revoke(scope[Int.random(in: 0...2, using: &random)])
      case 9: fixture.clock.advance(milliseconds: Int64.random(in: 0...700, using: &random))
      case 10: copies.append(try Copy(of: fixture.ledger))
      default: for index in copies.indices { try copies[index].readOn() }
      }
    }
    for index in copies.indices { try copies[index].readOn() }
    for (index, copy) in copies.enumerated() {
      for session in sessions {
        let refuses = fixture.ledger.revocations.refuse(
          session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
        #expect(copy.refuses(session) == refuses, "seed \(seed), copy \(index), session \(session.id)")
      }
    }
  }

  @Test("cost nothing and are not kept until somebody follows them for the first time")
  func unfollowed() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    _ = try await fixture.ledger.revoke(session.id)
    let copy = try Copy(of: fixture.ledger)
    #expect(copy.cursor.position == 0)
    #expect(copy.refuses(session))
  }

  private static func told(_ number: UInt64) -> Revocation {
    Revocation(time: .zero, until: .distantFuture, kind: .session(SessionID(high: number, low: 0)))
  }

  @Test("are kept up to a bound: whoever is further behind has lost its place, and nobody else")
  func bound() {
    let journal = RevocationJournal()
    let start = journal.follow()
    let most = RevocationJournal.keptMax
    for number in 1...UInt64(most) { journal.append([Self.told(number)]) }
    guard case .news(let all, let next) = journal.read(after: start, most: .max) else {
      Issue.record("lost within the bound")
      return
    }
    #expect(all.count == most && next.position == UInt64(most))
    journal.append([Self.told(0)])
    if case .news = journal.read(after: start, most: 1) { Issue.record("kept past the bound") }
    for number in 1...UInt64(2 * most) { journal.append([Self.told(number)]) }
    if case .news = journal.read(after: next, most: 1) { Issue.record("kept past the bound") }
    let last = RevocationJournal.Cursor(journal: start.journal, position: UInt64(3 * most))
    if case .news(let news, _) = journal.read(after: last, most: 10) {
      #expect(news == [Self.told(UInt64(2 * most))])
    } else {
      Issue.record("lost within the bound")
    }
  }

  @Test("have cursors of their own: one of another journal, ahead of this one or made up is lost or none")
  func cursors() throws {
    let journal = RevocationJournal()
    let cursor = journal.follow()
    #expect(RevocationJournal.Cursor(text: cursor.text) == cursor)
    for other in [RevocationJournal().follow(), RevocationJournal.Cursor(journal: cursor.journal, position: 1)] {
      if case .news = journal.read(after: other, most: 1) { Issue.record("\(other)") }
    }
    let name = cursor.journal
    for text in ["", "7", name, "\(name).", "\(name).-1", "\(name).01", "x.1"] {
      #expect(RevocationJournal.Cursor(text: text) == nil, "\(text)")
    }
  }

  @Test("wake those who wait, and a wait that is cancelled ends")
  func waiting() async {
    let journal = RevocationJournal()
    let cursor = journal.follow()
    let waiting = Task { await journal.waitForNews(after: cursor) }
    let cancelled = Task { await journal.waitForNews(after: cursor) }
    cancelled.cancel()
    await cancelled.value
    journal.append([Self.told(1)])
    await waiting.value
    // What is new already is not waited for.
    await journal.waitForNews(after: cursor)
  }

  @Test("of a table are forgotten when they end, and told once although they are heard twice")
  func table() {
    let table = RevocationTable()
    let cursor = table.journal.follow()
    let until = Timestamp(milliseconds: 1_000_000)
    let revocation = Revocation(time: .zero, until: until, kind: .session(SessionID(high: 1, low: 0)))
    table.insert([revocation])
    table.insert([revocation])
    if case .news(let news, _) = table.journal.read(after: cursor, most: 9) { #expect(news == [revocation]) }
    #expect(table.listing().revocations == [revocation])
    table.forgetEnded(at: until.advanced(byMilliseconds: 60_000))
    #expect(table.entryCount == 0 && table.listing().revocations.isEmpty)
  }
}
