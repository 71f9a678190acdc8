import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@Suite("The engine's events", .fewAtOnce)
struct EngineEventsTests {
  private static let web = Client(id: "web", isPublic: true, scopes: Scopes("read"))

  /// The events after a number, up to the last record so far.
  private func events(of engine: RotationEngine, after sequence: UInt64) async throws -> [AuditEvent] {
    let last = await engine.statistics.sequence
    var events: [AuditEvent] = []
    if last == sequence { return [] }
    for try await event in try await engine.events(after: sequence) {
      events.append(event)
      if event.sequence >= last { break }
    }
    return events
  }

  @Test("go on after a restart from the number that was kept, without a gap and without a repeat")
  func acrossARestart() async throws {
    let folder = EngineFolder()
    let clock = ManualClock()
    var engine = try await RotationEngine.open(folder: folder.path, clock: clock.sessionClock)
    let pair = try await engine.openUncheckedSession(
      subject: "ann", client: Self.web, scopes: ["read"], label: "phone")
    let known = try await events(of: engine, after: 0)
    let session = pair.session
    #expect(
      known.map(\.fact) == [
        .opened(TokenID(session: session, generation: 0), subject: "ann", client: "web", scope: "read", label: "phone")
      ])
    clock.advance(milliseconds: 1_500)
    let next = try await engine.refresh(pair.refreshToken, client: Self.web).pair()
    try await engine.close()

    engine = try await RotationEngine.open(folder: folder.path, clock: clock.sessionClock)
    clock.advance(milliseconds: 1_500)
    _ = try await engine.refresh(pair.refreshToken, client: Self.web)
    let kept = try #require(known.last?.sequence)
    let later = try await events(of: engine, after: kept)
    #expect(
      later.map(\.fact) == [
        .rotated(TokenID(session: session, generation: 1), subject: "ann", client: "web"),
        .reused(
          TokenID(session: session, generation: 0), subject: "ann", client: "web", .lateParent, generationsBehind: 1,
          revokedSession: true),
      ])
    #expect(later.map(\.time) == [clock.now.advanced(byMilliseconds: -1_500), clock.now])
    #expect(later.allSatisfy { $0.sequence > kept })
    #expect(throws: BadToken.revoked) { try engine.verify(next.accessToken) }
    try await engine.close()
  }

  @Test("from a number ahead of the log are refused: it is not the log that the number came from")
  func aheadOfTheLog() async throws {
    let engine = try RotationEngine.inMemory(clock: ManualClock())
    let failure = await #expect(throws: EngineError.self) { try await engine.events(after: 1) }
    #expect(failure?.description == "after is outside its limit: at most 0, the log's last record")
  }

  @Test(
    "a batch of refreshes is answered one by one as it would be alone, in its order", arguments: TestedLedger.allCases)
  func batch(on ledger: TestedLedger) async throws {
    let observer = RecordingObserver()
    let engine = try await ledger.engine(clock: ManualClock(), observer: observer)
    let app = Client(id: "app", isPublic: true)
    let pairs = try await engine.openUncheckedSessions(
      ["ann", "bob", "cat"].map { OpeningRequest(subject: $0, client: Self.web, scopes: ["read"]) })
    let outcomes = try await engine.refresh([
      RefreshRequest(token: pairs[0].refreshToken, client: Self.web),
      RefreshRequest(token: "nonsense", client: Self.web),
      RefreshRequest(token: pairs[1].refreshToken, client: app),
      RefreshRequest(token: pairs[0].refreshToken, client: Self.web),
      RefreshRequest(token: pairs[2].refreshToken, client: Self.web, scope: "read"),
      RefreshRequest(token: pairs[1].refreshToken, client: Self.web, scope: "write"),
    ]).map { try $0.get() }
    #expect(try outcomes[0].pair().session == pairs[0].session)
    #expect(outcomes[1] == .refused(.badToken(.malformed)))
    #expect(outcomes[2] == .refused(.wrongClient))
    #expect(outcomes[3] == .refused(.reused(.race, generationsBehind: 1, revokedSession: true)))
    #expect(try outcomes[4].pair().session == pairs[2].session)
    #expect(outcomes[5] == .refused(.invalidScope))
    #expect(observer.events.count == 3 + 6)
    #expect(try await engine.session(pairs[1].session)?.generation == 0)
    #expect(try await engine.session(pairs[2].session)?.generation == 1)
    #expect(try await engine.refresh([]).isEmpty)
  }
}
