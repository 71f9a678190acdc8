#if Postgres
import PostgresTesting
import Testing
import TokenLedgerPostgres
import TokenTesting

@testable import TokenEngine

@Suite("The keys of engines on one database", .timeLimit(.minutes(5)), .fewAtOnce)
struct SharedKeysTests {
  private let instances: EngineInstances

  init() async throws {
    instances = try await EngineInstances()
  }

  private func sealed(_ names: String...) throws -> SharedKeys {
    .database(masterKeys: try names.map { try instances.masterKey($0) })
  }

  @Test("are made by the first and read by the others, and two that come at once have the same")
  func first() async throws {
    let keys = try sealed("master")
    async let one = instances.engine(keys: keys)
    async let two = instances.engine(keys: keys)
    let (first, second) = (try await one, try await two)
    #expect(first.keyStates == second.keyStates)
    let pair = try await first.tokens()
    #expect(try second.verify(pair.accessToken).subject == "ann")
    let bodies = try instances.database.rows("select encode(body, 'escape') from refresh_ledger.record")
    #expect(bodies.count == 2)
    #expect(bodies.allSatisfy { $0.first??.contains("kty") == false })
    for engine in [first, second] { try await engine.close() }
  }

  @Test("that one has rotated are known to the others as soon as a token is", arguments: [false, true])
  func rotation(isFolder: Bool) async throws {
    let keys = isFolder ? instances.keyFolder : try sealed("master")
    let first = try await instances.engine(keys: keys)
    let observer = RecordingObserver()
    let second = try await instances.engine(keys: keys, observer: observer)
    let old = try await second.tokens()
    for _ in 0..<2 {
      try await first.rotateKeys(force: true)
      try await first.rotateKeys(of: .refresh, force: true)
    }
    let pair = try await first.tokens()
    let next = try await second.refresh(pair.refreshToken).pair()
    #expect(observer.events.contains(.keysReloaded))
    #expect(try second.verify(pair.accessToken).subject == "ann")
    #expect(try first.verify(next.accessToken).subject == "ann")
    #expect(try second.verify(old.accessToken).subject == "ann")
    guard case .granted = try await first.refresh(old.refreshToken) else {
      Issue.record("a token of the key before was refused")
      return
    }
    for engine in [first, second] { try await engine.close() }
  }

  @Test("are read by an engine that runs, when another has changed them")
  func following() async throws {
    let keys = try sealed("master")
    let first = try await instances.engine(keys: keys)
    let second = try await instances.engine(keys: keys)
    let running = Task { try await second.run() }
    let rotated = try await first.rotateKeys(force: true)
    try await eventually { second.keyStates.contains { $0.id == rotated.current && $0.state == .current } }
    running.cancel()
    try await running.value
    try await first.close()
  }

  @Test("are not rotated before every instance has had the time to read the next one")
  func publication() async throws {
    var store = EngineInstances.store
    store.staleAfter = .seconds(3600)
    let patient = try await instances.engine(keys: try sealed("master"), store: store)
    let next = try #require(patient.keyStates.first { $0.use == .access && $0.state == .next })
    let early = await #expect(throws: EngineError.self) { try await patient.rotateKeys(algorithm: .es256) }
    #expect(early?.description.contains(next.id) == true && early?.isTemporary == false)
    // Whoever rotates: by the most patient instance.
    store.staleAfter = .milliseconds(200)
    let ledger = try await PostgresLedger.open(instances.database.address, options: store)
    for keys in [instances.keyFolder, try sealed("master")] {
      #expect(try keys.source(in: ledger).publication?.staleAfter == .seconds(3600))
    }
    try await ledger.close()
    try await patient.close()
  }

  @Test("are rotated once they were known for a second, if no instance is cut off later than that")
  func shortPublication() async throws {
    var store = EngineInstances.store
    store.staleAfter = .milliseconds(200)
    let engine = try await instances.engine(keys: try sealed("master"), store: store)
    let next = try #require(engine.keyStates.first { $0.use == .access && $0.state == .next })
    try await eventually { (try? await engine.rotateKeys()) != nil }
    #expect(engine.keyStates.first { $0.use == .access && $0.state == .current }?.id == next.id)
    let source = try sealed("master").source(in: try #require(engine.ledger as? PostgresLedger))
    store.staleAfter = .seconds(60)
    let patient = try await instances.engine(keys: try sealed("master"), store: store)
    try await eventually { source.publication?.staleAfter == .seconds(60) }
    for engine in [engine, patient] { try await engine.close() }
  }

  @Test(
    "make an engine that has not read them say that it cannot tell, and not that the grant is bad, while the database is away"
  )
  func away() async throws {
    let keys = try sealed("master")
    let first = try await instances.engine(keys: keys)
    let proxy = try FaultProxy(to: instances.database.server)
    var store = EngineInstances.store
    store.requestDeadline = .seconds(3)
    let second = try await instances.engine(keys: keys, store: store, by: proxy)
    // The first brings up the key that the other one knows already as the next.
    for _ in 0..<2 {
      try await first.rotateKeys(of: .refresh, force: true)
      try await first.rotateKeys(force: true)
    }
    let pair = try await first.tokens()
    proxy.isRefusing = true
    proxy.cutAll()
    let failure = await #expect(throws: EngineError.self) { try await second.refresh(pair.refreshToken) }
    #expect(failure?.isUnavailable == true && failure?.isTemporary == true)
    #expect(failure?.description.contains("keys") == true)
    await #expect(throws: EngineError.self) { try await second.introspect(pair.accessToken) }
    #expect(throws: BadToken.unknownKey) { try second.verify(pair.accessToken) }

    proxy.isRefusing = false
    try await eventually { second.health.state == .acceptsChanges }
    try await eventually { (try? await second.introspect(pair.accessToken)) != nil }
    guard case .granted = try await second.refresh(pair.refreshToken) else {
      Issue.record("refused")
      return
    }
    #expect(try second.verify(pair.accessToken).subject == "ann")
    for engine in [first, second] { try await engine.close() }
  }

  @Test("are sealed under the first master key, and opened by each that is named")
  func masterKeys() async throws {
    let first = try await instances.engine(keys: try sealed("old"))
    let second = try await instances.engine(keys: try sealed("new", "old"))
    #expect(second.keyStates == first.keyStates)
    // Sealed anew by the second: whoever has the old master key alone opens them no more, and goes on with those that
    // it has.
    let third = try await instances.engine(keys: try sealed("new"))
    #expect(third.keyStates == first.keyStates)
    await #expect(throws: EngineError.self) { _ = try await instances.engine(keys: try sealed("old")) }
    #expect(try first.verify(try await third.tokens().accessToken).subject == "ann")
    for engine in [first, second, third] { try await engine.close() }
  }

  @Test("say in one line that no master key opens them, and name the files; nothing is changed")
  func wrongMasterKey() async throws {
    let keys = try sealed("master")
    let first = try await instances.engine(keys: keys)
    let error = await #expect(throws: EngineError.self) {
      _ = try await instances.engine(keys: try sealed("wrong", "other"))
    }
    guard case .keys(let text) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(text.contains("/wrong") && text.contains("/other") && !text.contains("\n"))
    let again = try await instances.engine(keys: keys)
    #expect(again.keyStates == first.keyStates)
    for engine in [first, again] { try await engine.close() }
  }
}
#endif
