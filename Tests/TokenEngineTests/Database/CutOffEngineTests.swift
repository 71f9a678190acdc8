#if Postgres
import PostgresTesting
import Testing
import TokenLedgerPostgres
import TokenTesting

@testable import TokenEngine

/// An engine whose database stops where it is, beside one that has another way to it.
@Suite("An engine that is cut off from its database", .timeLimit(.minutes(5)), .fewAtOnce)
struct CutOffEngineTests {
  private static func store(_ onStale: PostgresOptions.OnStale = .serve) -> PostgresOptions {
    var store = EngineInstances.store
    store.requestDeadline = .seconds(3)
    store.staleAfter = .milliseconds(300)
    store.onStale = onStale
    return store
  }

  @Test("issues nothing, refuses nothing as a bad grant, and goes on verifying; afterwards it is as before")
  func cut() async throws {
    let instances = try await EngineInstances()
    let proxy = try FaultProxy(to: instances.database.server)
    let engine = try await instances.engine(store: Self.store(), by: proxy)
    let pair = try await engine.tokens()
    proxy.isRefusing = true
    proxy.cutAll()
    try await eventually { engine.health.state != .acceptsChanges }

    let calls: [() async throws -> Void] = [
      { _ = try await engine.refresh(pair.refreshToken) }, { _ = try await engine.tokens() },
      { _ = try await engine.clientToken(for: EngineInstances.robot) },
      { _ = try await engine.revoke(pair.session) },
      { _ = try await engine.issueOneTimeToken(purpose: "invite", subject: "ann", lifetime: .seconds(60)) },
    ]
    for call in calls {
      let failure = await #expect(throws: EngineError.self) { try await call() }
      #expect(failure?.isTemporary == true && failure?.isUnavailable == true)
    }
    #expect(!engine.isReady)
    try await eventually { engine.health.isFeedStale }
    #expect(try engine.verify(pair.accessToken).subject == "ann")

    proxy.isRefusing = false
    try await eventually { engine.isReady && !engine.health.isFeedStale }
    guard case .granted = try await engine.refresh(pair.refreshToken) else {
      Issue.record("refused")
      return
    }
    try await engine.close()
  }

  @Test("and is told to refuse access tokens then refuses them while its news are old, and calls none revoked")
  func refusing() async throws {
    let instances = try await EngineInstances()
    let proxy = try FaultProxy(to: instances.database.server)
    let engine = try await instances.engine(store: Self.store(.refuse), by: proxy)
    let pair = try await engine.tokens()
    try await eventually { (try? engine.verify(pair.accessToken)) != nil }
    proxy.isRefusing = true
    proxy.cutAll()
    try await eventually { (try? engine.verify(pair.accessToken)) == nil }
    #expect(throws: BadToken.unverifiable) { try engine.verify(pair.accessToken) }
    #expect(engine.health.refusesAccess)
    let failure = await #expect(throws: EngineError.self) { try await engine.introspect(pair.accessToken) }
    #expect(failure?.isUnavailable == true)

    proxy.isRefusing = false
    try await eventually { (try? engine.verify(pair.accessToken)) != nil }
    try await engine.close()
  }

  @Test("in the middle of a refresh says that the outcome is unknown, and the retry in the grace window gets the pair")
  func unknownOutcome() async throws {
    let server = try await TestedServer.start()
    let instances = try await EngineInstances(on: server)
    var options = EngineOptions()
    options.grace = .seconds(300)
    let engine = try await instances.engine(options: options, store: Self.store())
    // The first refresh tells the ledger of the grace window before it asks for anything.
    let pair = try await engine.refresh(try await engine.tokens().refreshToken).pair()
    server.freeze()
    let failure = await #expect(throws: EngineError.self) { try await engine.refresh(pair.refreshToken) }
    #expect(failure?.isTemporary == true && failure?.isUnavailable == true)
    guard case .ledger(.outcomeUnknown) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    server.thaw()
    try await eventually { engine.isReady }
    var next: GrantOutcome?
    try await eventually {
      next = try? await engine.refresh(pair.refreshToken)
      return next != nil
    }
    #expect(try next?.pair().session == pair.session)
    try await engine.close()
    server.end()
  }
}
#endif
