import LedgerTesting
import Testing
import WriteAheadLog

@testable import TokenLedger

@Suite("The history of a session")
struct SessionHistoryTests {
  private let place: LedgerPlace

  init() throws {
    place = try LedgerPlace()
  }

  private func request(_ session: Session, _ generation: UInt32, _ reuse: ReusePolicy = .refuse) -> RotationRequest {
    RotationRequest(
      token: TokenID(session: session.id, generation: generation), client: session.client, graceMilliseconds: 60_000,
      reuse: reuse)
  }

  private func history(
    _ ledger: RefreshLedger, _ id: SessionID, _ limits: HistoryLimits = HistoryLimits(duration: .seconds(600))
  ) async throws -> SessionHistory {
    try #require(try await ledger.history(of: id, within: limits))
  }

  @Test("The history of a session tells all that happened to it, in order, and nothing of others")
  func whole() async throws {
    let ledger = try await place.open()
    let mine = try await ledger.open(CrowdFixture.grant("ann", "web", label: "telephone"))
    let other = try await ledger.open(CrowdFixture.grant("ann", "web"))
    _ = try await ledger.rotate(request(mine, 0))
    _ = try await ledger.rotate(request(mine, 0))
    _ = try await ledger.rotate(request(other, 0))
    _ = try await ledger.rotate(request(mine, 1))
    _ = try await ledger.revoke(other.id)
    try await ledger.revokeAccess(
      TokenID(session: mine.id, generation: 2), until: place.clock.now.advanced(byMilliseconds: 5))
    _ = try await ledger.rotate(request(mine, 0, .revokeSession))
    let found = try await history(ledger, mine.id)
    let (ann, web) = ("ann", "web")
    #expect(
      found.events.map(\.fact) == [
        .opened(mine.tokenID, subject: ann, client: web, scope: "read", label: "telephone"),
        .rotated(TokenID(session: mine.id, generation: 1), subject: ann, client: web),
        .retried(TokenID(session: mine.id, generation: 1), subject: ann, client: web, .race),
        .rotated(TokenID(session: mine.id, generation: 2), subject: ann, client: web),
        .accessRevoked(
          TokenID(session: mine.id, generation: 2), until: place.clock.now.advanced(byMilliseconds: 5)),
        .reused(mine.tokenID, subject: ann, client: web, .staleLineage, generationsBehind: 2, revokedSession: true),
      ])
    #expect(found.session?.generation == 2 && found.session?.label == "telephone")
    #expect(found.extent.isWhole && found.omittedCount == 0)
    try await ledger.close()
  }

  @Test("The history of a session ends with its own end, and with a wide revocation only where that was its end")
  func ends() async throws {
    let ledger = try await place.open()
    let short = try await ledger.open(CrowdFixture.grant("ann", "web", idle: 1_000))
    let long = try await ledger.open(CrowdFixture.grant("bob", "web"))
    place.clock.advance(milliseconds: 3_000)
    try await ledger.sweepExpired()
    try await ledger.revoke(SessionScope.subject("ann"))
    try await ledger.revoke(SessionScope.client("web"))
    try await ledger.revoke(SessionScope.all)
    let expired = try await history(ledger, short.id)
    #expect(expired.events.last?.fact == .expired(sessions: 1, oneTimeTokens: 0))
    #expect(expired.session?.subject == "ann")
    let revoked = try await history(ledger, long.id)
    #expect(revoked.events.map(\.fact).dropFirst() == [.revokedAll(.client("web"))])
    try await ledger.close()
  }

  @Test("The history of a session begins with what a checkpoint holds, where one has replaced the log")
  func checkpoint() async throws {
    let ledger = try await place.open()
    let live = try await ledger.open(CrowdFixture.grant("ann", "web", label: "telephone"))
    let ended = try await ledger.open(CrowdFixture.grant("ann", "web"))
    _ = try await ledger.rotate(request(live, 0))
    _ = try await ledger.revoke(ended.id)
    let covered = try #require(try await ledger.checkpoint()).sequence
    _ = try await ledger.rotate(request(live, 1))
    let found = try await history(ledger, live.id)
    #expect(found.events.first?.fact == .missed(from: 1) && found.events.first?.sequence == covered)
    #expect(
      found.events.dropFirst().map(\.fact) == [
        .rotated(TokenID(session: live.id, generation: 2), subject: "ann", client: "web")
      ])
    #expect(found.session?.label == "telephone" && found.session?.generation == 2)
    let revoked = try await history(ledger, ended.id)
    #expect(revoked.revokedAt == place.clock.now && revoked.session?.subject == "ann")
    let all = try #require(try await ledger.endedSessions(ofSubject: "ann"))
    #expect(all.sessions.map(\.session.id) == [ended.id] && all.sessions.first?.end == .revoked(nil))
    try await ledger.close()
  }

  @Test("The history of a session is cut in the middle past its bound, and stops where it has read for long enough")
  func limits() async throws {
    let ledger = try await place.open()
    let session = try await ledger.open(CrowdFixture.grant("ann", "web"))
    for generation in 0..<20 { _ = try await ledger.rotate(request(session, UInt32(generation))) }
    let cut = try await history(ledger, session.id, HistoryLimits(duration: .seconds(600), toldMax: 3))
    #expect(cut.omittedCount == 18 && cut.events.count == 3)
    #expect(
      cut.events.first?.fact == .opened(session.tokenID, subject: "ann", client: "web", scope: "read", label: nil))
    #expect(
      cut.events.last?.fact == .rotated(TokenID(session: session.id, generation: 20), subject: "ann", client: "web"))
    let stopped = try await history(ledger, session.id, HistoryLimits(duration: .zero))
    #expect(!stopped.extent.isWhole && stopped.events.isEmpty && stopped.session == nil)
    try await ledger.close()
  }

  @Test("The history of a subject names each ended session once, the latest first, with how it ended")
  func subject() async throws {
    let ledger = try await place.open()
    let expired = try await ledger.open(CrowdFixture.grant("ann", "web", idle: 1_000))
    place.clock.advance(milliseconds: 3_000)
    try await ledger.sweepExpired()
    let revoked = try await ledger.open(CrowdFixture.grant("ann", "web"))
    _ = try await ledger.revoke(revoked.id)
    let reused = try await ledger.open(CrowdFixture.grant("ann", "web"))
    _ = try await ledger.rotate(request(reused, 0))
    _ = try await ledger.rotate(request(reused, 1))
    _ = try await ledger.rotate(request(reused, 0, .revokeSession))
    let wide = try await ledger.open(CrowdFixture.grant("ann", "app"))
    let others = try await ledger.open(CrowdFixture.grant("bob", "app"))
    let live = try await ledger.open(CrowdFixture.grant("ann", "web"))
    try await ledger.revoke(SessionScope.client("app"))
    // Those that it ended are forgotten one by one, which is no second end.
    try await ledger.sweepExpired()
    let found = try #require(try await ledger.endedSessions(ofSubject: "ann"))
    #expect(found.sessions.map(\.session.id) == [wide, reused, revoked, expired].map(\.id))
    #expect(
      found.sessions.map(\.end) == [.revokedAll(.client("app")), .revoked(.reuse), .revoked(.requested), .expired])
    #expect(!found.sessions.contains { [others.id, live.id].contains($0.session.id) })
    let latest = try #require(
      try await ledger.endedSessions(ofSubject: "ann", within: HistoryLimits(duration: .seconds(600), toldMax: 2)))
    #expect(latest.sessions.map(\.session.id) == [wide.id, reused.id] && latest.omittedCount == 2)
    try await ledger.close()
  }

  @Test("The history of a session is nothing where there is no log")
  func memory() async throws {
    let fixture = CrowdFixture()
    let session = try await fixture.open("ann", "web")
    #expect(try await fixture.ledger.history(of: session.id) == nil)
    #expect(try await fixture.ledger.endedSessions(ofSubject: "ann") == nil)
  }
}
