import Testing
import TokenEngine
import TokenTesting

/// What the engine makes of a ledger that is away, too busy, full or closed.
@Suite("An engine whose ledger fails", .fewAtOnce, .timeLimit(.minutes(10)))
struct FailingLedgerTests {
  private static let web = Client(id: "web", isPublic: true)

  private let clock = ManualClock()
  private let ledger: DictionaryLedger
  private let observer = RecordingObserver()

  init() { ledger = DictionaryLedger(clock: clock) }

  private func engine(grace: Duration = .zero) throws -> RotationEngine {
    var options = EngineOptions()
    options.grace = grace
    return try RotationEngine(ledger: ledger, options: options, observer: observer, clock: clock.sessionClock)
  }

  private func failure(_ call: () async throws -> Void) async -> EngineError? {
    do {
      try await call()
      return nil
    } catch {
      return error as? EngineError
    }
  }

  static let kinds: [(error: LedgerError, isTemporary: Bool, overload: EngineError.Overload?)] = [
    (.unavailable("the database is away"), true, nil), (.overloaded, true, .log), (.outcomeUnknown("cut"), true, nil),
    (.closed("the disk is gone"), false, nil),
  ]

  @Test(
    "says whether to try again, answers that it is unavailable, consumes nothing, and tells its observer of no success",
    arguments: kinds)
  func beforeTheEffect(error: LedgerError, isTemporary: Bool, overload: EngineError.Overload?) async throws {
    let engine = try engine()
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    let told = observer.events
    ledger.fail(error)
    let calls: [() async throws -> Void] = [
      { _ = try await engine.refresh(pair.refreshToken, client: Self.web) },
      { _ = try await engine.refresh([RefreshRequest(token: pair.refreshToken, client: Self.web)]) },
      { _ = try await engine.openUncheckedSession(subject: "bob", client: Self.web, scopes: []) },
      { _ = try await engine.revoke(pair.session) },
      { _ = try await engine.revokeSessions(of: .all) },
      { _ = try await engine.revoke(token: pair.accessToken, client: Self.web) },
      { _ = try await engine.issueOneTimeToken(purpose: "reset", subject: "ann", lifetime: .seconds(1)) },
    ]
    for call in calls {
      let failure = await failure(call)
      guard case .ledger(error)? = failure else {
        Issue.record("not \(error): \(String(describing: failure))")
        continue
      }
      #expect(failure?.isTemporary == isTemporary)
      #expect(failure?.isUnavailable == true)
      #expect(failure?.overload == overload)
    }
    #expect(observer.events == told)
    // Verifiers ask no ledger that could be away.
    #expect(try engine.verify(pair.accessToken).subject == "ann")
    ledger.recover()
    #expect(try await engine.session(pair.session)?.generation == 0)
    guard isTemporary else { return }
    #expect(try await engine.refresh(pair.refreshToken, client: Self.web).pair().session == pair.session)
  }

  @Test("that is full can be tried again, and refreshes what it has")
  func full() async throws {
    let engine = try engine()
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    ledger.fail(.full)
    let failure = await failure {
      _ = try await engine.openUncheckedSession(subject: "bob", client: Self.web, scopes: [])
    }
    #expect(failure?.isTemporary == true && failure?.isUnavailable == true && failure?.overload == nil)
    #expect(engine.isReady)
    #expect(try await engine.refresh(pair.refreshToken, client: Self.web).pair().session == pair.session)
  }

  @Test(
    "after an effect that was cut off answers a retry within the grace window with the pair that was lost, twice the same"
  )
  func unknownWithinGrace() async throws {
    let engine = try engine(grace: .seconds(10))
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    ledger.fail(.outcomeUnknown("cut"), times: 1, afterEffect: true)
    let failure = await failure { _ = try await engine.refresh(pair.refreshToken, client: Self.web) }
    #expect(failure?.isTemporary == true)
    clock.advance(milliseconds: 2_000)
    let first = try await engine.refresh(pair.refreshToken, client: Self.web).pair()
    let second = try await engine.refresh(pair.refreshToken, client: Self.web).pair()
    #expect(first.accessToken == second.accessToken && first.refreshToken == second.refreshToken)
    #expect(try engine.verify(first.accessToken).tokenID == TokenID(session: pair.session, generation: 1))
    #expect(try await engine.session(pair.session)?.generation == 1)
  }

  @Test("after an effect that was cut off refuses a retry without a grace window as reuse")
  func unknownWithoutGrace() async throws {
    let engine = try engine()
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    ledger.fail(.outcomeUnknown("cut"), times: 1, afterEffect: true)
    #expect(await failure { _ = try await engine.refresh(pair.refreshToken, client: Self.web) } != nil)
    clock.advance(milliseconds: 2_000)
    let reused = GrantRefusal.reused(.lateParent, generationsBehind: 1, revokedSession: true)
    #expect(try await engine.refresh(pair.refreshToken, client: Self.web) == .refused(reused))
  }

  @Test("is not ready while the ledger is away or stalled, and is again; closed, it is not for good")
  func readiness() async throws {
    let engine = try engine()
    for error in [LedgerError.unavailable("away"), .overloaded] {
      ledger.fail(error)
      #expect(!engine.isReady && !engine.isClosedForWrites)
      ledger.recover()
      #expect(engine.isReady)
    }
    ledger.fail(.closed("gone"))
    #expect(await failure { _ = try await engine.revokeSessions(of: .all) } != nil)
    ledger.recover()
    #expect(!engine.isReady && engine.isClosedForWrites)
  }

  @Test("that refuses access tokens for old news says of none of them that it is bad, and takes them again")
  func refusesAccess() async throws {
    let engine = try engine()
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    let ended = try await engine.openUncheckedSession(subject: "bob", client: Self.web, scopes: [])
    try await engine.revoke(ended.session)
    ledger.setFeed(age: .seconds(6), isStale: true)
    #expect(try engine.verify(pair.accessToken).subject == "ann")
    #expect(throws: BadToken.revoked) { try engine.verify(ended.accessToken) }
    ledger.setFeed(age: .seconds(6), isStale: true, refusesAccess: true)
    for token in [pair.accessToken, ended.accessToken] {
      #expect(throws: BadToken.unverifiable) { try engine.verify(token) }
      let failure = await failure { _ = try await engine.introspect(token) }
      #expect(failure?.isUnavailable == true)
    }
    #expect(throws: BadToken.malformed) { try engine.verify("no token") }
    #expect(try await engine.introspect("no token") == .inactive)
    #expect(try await engine.introspect(pair.refreshToken, hint: .refreshToken) != .inactive)
    ledger.setFeed(age: .zero)
    #expect(try engine.verify(pair.accessToken).subject == "ann")
    #expect(try await engine.introspect(ended.accessToken) == .inactive)
  }

  @Test("that was closed takes no more changes and is not ready, and verifies on", arguments: TestedLedger.allCases)
  func closed(on tested: TestedLedger) async throws {
    let engine = try await tested.engine(clock: clock)
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    #expect(engine.isReady)
    try await engine.close()
    #expect(!engine.isReady && engine.isClosedForWrites)
    let failure = await failure { _ = try await engine.refresh(pair.refreshToken, client: Self.web) }
    guard case .ledger(.closed)? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(failure?.isTemporary == false && failure?.isUnavailable == true)
    #expect(await !engine.statistics.isWritable)
    #expect(try engine.verify(pair.accessToken).subject == "ann")
    try await engine.close()
  }

  @Test("waits for the outcome of a cancelled request, so that its observer hears of what was decided")
  func cancelled() async throws {
    let engine = try engine(grace: .seconds(10))
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    ledger.hold()
    let task = Task { await failure { _ = try await engine.refresh(pair.refreshToken, client: Self.web) } }
    await ledger.waitForHeldCalls()
    task.cancel()
    ledger.release()
    #expect(await task.value == nil)
    #expect(try await engine.session(pair.session)?.generation == 1)
    #expect(try await engine.refresh(pair.refreshToken, client: Self.web).pair().session == pair.session)
  }
}
