import SystemPackage
import Testing
import TokenEngine
import TokenTesting

@testable import TokenEngine

@Suite("The keys of an embedded engine")
struct EngineKeysTests {
  private static let web = Client(id: "web", isPublic: true)
  private let folder = EngineFolder()

  private func open(observer: any EngineObserver = SilentObserver()) async throws -> RotationEngine {
    try await RotationEngine.open(folder: folder.path, observer: observer)
  }

  private func ids(_ engine: RotationEngine, _ use: KeyState.Use, _ state: KeyState.State) -> [String] {
    engine.keyStates.filter { $0.use == use && $0.state == state }.map(\.id)
  }

  @Test("are rotated and retired through it, and tokens of the key before stay good until then")
  func rotateAndRetire() async throws {
    let engine = try await open()
    let before = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    let rotated = try await engine.rotateKeys(algorithm: .es256)
    #expect(ids(engine, .access, .current) == [rotated.current] && ids(engine, .access, .next) == [rotated.next])
    #expect(engine.accessAlgorithm == .es256)
    #expect(try engine.verify(before.accessToken).subject == "ann")
    let after = try await engine.openUncheckedSession(subject: "bob", client: Self.web, scopes: [])

    let early = await #expect(throws: EngineError.self) { try await engine.retireKey(rotated.retiring) }
    #expect(early?.description.contains("may be in use") == true && early?.isTemporary == false)
    await #expect(throws: EngineError.self) { try await engine.retireKey(rotated.current, force: true) }
    await #expect(throws: EngineError.self) { try await engine.retireKey("nobody", force: true) }
    try await engine.retireKey(rotated.retiring, force: true)
    #expect(throws: BadToken.self) { try engine.verify(before.accessToken) }
    #expect(try engine.verify(after.accessToken).subject == "bob")
    try await engine.close()
  }

  @Test("of refresh tokens are rotated without an end of any session")
  func rotateRefreshKeys() async throws {
    let engine = try await open()
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    let rotated = try await engine.rotateKeys(of: .refresh)
    #expect(ids(engine, .refresh, .current) == [rotated.current])
    #expect(try await engine.refresh(pair.refreshToken, client: Self.web).pair().session == pair.session)
    await #expect(throws: EngineError.self) { try await engine.rotateKeys(of: .refresh, algorithm: .es256) }
    try await engine.close()
  }

  @Test("of an engine in memory are in no file to change")
  func inMemory() async throws {
    let engine = try RotationEngine.inMemory(clock: ManualClock())
    let failure = await #expect(throws: EngineError.self) { try await engine.rotateKeys() }
    #expect(failure?.description.contains("keys") == true)
    await #expect(throws: EngineError.self) { try await engine.backUp(to: folder.path) }
  }

  @Test("that another program changed are seen by a look at the files, once")
  func followed() async throws {
    let observer = RecordingObserver()
    let engine = try await open(observer: observer)
    var watch = KeyWatch(FolderKeys(folder: folder.path.appending("keys").string))
    await engine.followKeys(&watch)
    #expect(observer.events == [])
    let files = KeyFiles(folder: folder.path.appending("keys").string)
    let rotated = try files.rotateAccess(algorithm: .edDSA, nowMilliseconds: 1)
    await engine.followKeys(&watch)
    await engine.followKeys(&watch)
    #expect(observer.events == [.keysReloaded])
    #expect(ids(engine, .access, .current) == [rotated.current])
    try await engine.close()
  }

  @Test("from before stay in force while the files are refused, which the observer is told once")
  func refused() async throws {
    let observer = RecordingObserver()
    let engine = try await open(observer: observer)
    let before = engine.keyStates
    let path = folder.path.appending("keys")
    var watch = KeyWatch(FolderKeys(folder: path.string))
    try FileDescriptor.open(path.appending("access.json"), .writeOnly, options: .truncate).closeAfter {}
    await engine.followKeys(&watch)
    await engine.followKeys(&watch)
    #expect(engine.keyStates == before)
    guard case .keysRefused(let what) = observer.events.first, observer.events.count == 1 else {
      Issue.record("\(observer.events)")
      return
    }
    #expect(what.contains("access.json"))
    try await engine.close()
  }

  @Test("are followed by run() as serve follows them", .timeLimit(.minutes(10)))
  func run() async throws {
    let (events, continuation) = AsyncStream<EngineEvent>.makeStream()
    let engine = try await open(observer: YieldingObserver(continuation: continuation))
    let files = KeyFiles(folder: folder.path.appending("keys").string)
    // Also what changed between the opening and `run()`.
    try files.rotateAccess(algorithm: .es256, nowMilliseconds: 1)
    let running = Task { try await engine.run() }
    var seen = 0
    for await event in events where event == .keysReloaded {
      seen += 1
      guard seen == 1 else { break }
      #expect(engine.accessAlgorithm == .es256)
      try files.rotateAccess(algorithm: .hs256, nowMilliseconds: 2)
    }
    #expect(
      try ids(engine, .access, .next)
        == TokenKeys.open(folder: folder.path.appending("keys").string).access
        .filter { $0.state == .next }.map(\.id))
    running.cancel()
    try? await running.value
  }

  @Test("and the log are backed up beside a working engine, and a restored copy has every key and no session")
  func backUp() async throws {
    let engine = try await open()
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    let copy = EngineFolder()
    try await engine.backUp(to: copy.path)
    await #expect(throws: EngineError.self) { try await engine.backUp(to: copy.path) }
    try await engine.close()

    let unsettled = await #expect(throws: EngineError.self) { try await RotationEngine.open(folder: copy.path) }
    #expect(unsettled?.isTemporary == false)
    #expect(try await RotationEngine.restoreBackup(in: copy.path) == 1)
    let restored = try await RotationEngine.open(folder: copy.path)
    #expect(restored.keyStates == engine.keyStates)
    #expect(try await restored.refresh(pair.refreshToken, client: Self.web) == .refused(.revoked(generationsBehind: 0)))
    try await restored.close()
    await #expect(throws: EngineError.self) { try await RotationEngine.restoreBackup(in: FilePath("nowhere")) }
  }

  @Test("are for nothing any more once it is closed, which no later call undoes")
  func closed() async throws {
    let engine = try await open()
    let pair = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    try await engine.close()
    let failure = await #expect(throws: EngineError.self) {
      try await engine.refresh(pair.refreshToken, client: Self.web)
    }
    #expect(failure?.isTemporary == false && failure?.isUnavailable == true)
    #expect(engine.isClosedForWrites)
  }
}

private struct YieldingObserver: EngineObserver {
  let continuation: AsyncStream<EngineEvent>.Continuation

  func engine(observed event: EngineEvent) { continuation.yield(event) }
}
