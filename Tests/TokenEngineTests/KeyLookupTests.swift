import Platform
import Synchronization
import SystemPackage
import Testing
import TokenLedger
import TokenSigning
import TokenTesting

@testable import TokenEngine

/// Two instances with one ledger and one folder of keys; the second one hears of no change.
@Suite("A token whose key is not known here")
struct KeyLookupTests {
  private static let web = Client(id: "web", isPublic: true)
  private let folder = EngineFolder()
  private let source: HeldKeys
  private let observer = RecordingObserver()
  private let first: RotationEngine
  private let second: RotationEngine

  init() throws {
    let path = folder.path.string
    _ = try FileSystem.makeFolder(path)
    source = HeldKeys(FolderKeys(folder: "\(path)/keys"))
    let clock = ManualClock()
    let ledger = RefreshLedger.inMemory(
      sessionsPerSubjectMax: 0, clock: clock.sessionClock, random: OpenSSLRandom())
    func engine(_ keys: KeyRing, _ lookups: KeyLookups?, _ observer: any EngineObserver) -> RotationEngine {
      RotationEngine(
        options: EngineOptions(), keys: keys, lookups: lookups, ledger: ledger, recovery: nil, subjects: nil,
        clock: clock.sessionClock, observer: observer)
    }
    first = engine(try KeyRing(source.keys, algorithm: .hs256), nil, SilentObserver())
    let ring = try KeyRing(source, algorithm: .hs256)
    second = engine(ring, KeyLookups(ring, observer: observer, interval: .zero), observer)
  }

  /// A pair of keys that the first instance alone has read.
  private func pair() async throws -> TokenPair {
    try await first.rotateKeys(of: .refresh)
    try await first.rotateKeys(algorithm: .edDSA)
    return try await first.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
  }

  @Test("is refreshed once the keys were read again")
  func refresh() async throws {
    let pair = try await pair()
    guard case .granted = try await second.refresh(pair.refreshToken, client: Self.web) else {
      Issue.record("refused")
      return
    }
    #expect(observer.events.contains(.keysReloaded))
  }

  @Test("is introspected, revoked and consumed once the keys were read again")
  func others() async throws {
    let one = try await pair()
    guard case .access = try await second.introspect(one.accessToken) else { throw Unexpected() }
    let two = try await pair()
    guard case .refresh = try await second.introspect(two.refreshToken, hint: .refreshToken) else { throw Unexpected() }
    let three = try await pair()
    #expect(
      try await second.revoke(token: three.refreshToken, client: Self.web)
        == .session(three.session, wasLive: true))
    let four = try await pair()
    guard case .access = try await second.revoke(token: four.accessToken, client: Self.web) else { throw Unexpected() }
    _ = try await pair()
    let invitation = try await first.issueOneTimeToken(purpose: "invite", subject: "ann", lifetime: .seconds(60))
    #expect(
      try await second.consumeOneTimeToken(invitation.text, purpose: "invite")
        == .consumed(subject: "ann", payload: []))
  }

  @Test("is neither refused nor consumed while the keys cannot be read: the caller tries again")
  func unreadable() async throws {
    let pair = try await pair()
    source.fail(with: KeyError(.unavailable, "the database does not answer"))
    let failure = await #expect(throws: EngineError.self) {
      try await second.refresh(pair.refreshToken, client: Self.web)
    }
    #expect(failure?.isUnavailable == true && failure?.isTemporary == true)
    await #expect(throws: EngineError.self) { try await second.revoke(token: pair.refreshToken, client: Self.web) }
    await #expect(throws: EngineError.self) { try await second.introspect(pair.accessToken) }
    source.fail(with: nil)
    guard case .granted = try await second.refresh(pair.refreshToken, client: Self.web) else { throw Unexpected() }
  }

  @Test("is refused by a verification, which waits for nothing, and accepted when the keys were read in the background")
  func verification() async throws {
    let pair = try await pair()
    #expect(throws: BadToken.self) { try second.verify(pair.accessToken) }
    // Behind the reading that the verification asked for.
    try await second.lookups?.readAgain()
    #expect(try second.verify(pair.accessToken).subject == "ann")
  }

  @Test("is accepted by a verification that reads the keys first, and is no bad token while they cannot be read")
  func verificationThatWaits() async throws {
    let pair = try await pair()
    let header = ["Bearer \(pair.accessToken)"]
    source.fail(with: KeyError(.unavailable, "the database does not answer"))
    await #expect(throws: AuthorizationError.badToken(.unverifiable)) {
      try await second.verifyReadingKeys(authorization: header)
    }
    source.fail(with: nil)
    #expect(try await second.verifyReadingKeys(authorization: header).subject == "ann")
  }

  @Test("is not refused but told to come again where as many wait already as can: anybody can make up such tokens")
  func bound() async throws {
    let foreign = try RotationEngine.inMemory(clock: ManualClock())
    let token = try await foreign.openUncheckedSession(subject: "eve", client: Self.web, scopes: []).refreshToken
    source.hold()
    let (ended, end) = AsyncStream<Result<GrantOutcome, any Error>>.makeStream()
    let second = second
    // One reading is under way, and so many wait for it and for the next.
    let waiting = 2 * KeyLookups.waitersMax
    let callers = (0..<(waiting + 20)).map { _ in
      Task {
        do { end.yield(.success(try await second.refresh(token, client: Self.web))) } catch {
          end.yield(.failure(error))
        }
      }
    }
    var answered = 0
    var refused = 0
    for await outcome in ended {
      switch outcome {
      case .success(let outcome):
        #expect(outcome == .refused(.badToken(.unknownKey)))
        refused += 1
      case .failure(let failure):
        #expect((failure as? EngineError)?.overload == .store)
      }
      answered += 1
      if answered == 20 {
        #expect(refused == 0)
        source.letGo()
      }
      if answered == callers.count { break }
    }
    #expect(refused >= KeyLookups.waitersMax)
  }

  @Test("is refused at once by an engine of its own folder, which alone signs with its keys")
  func alone() async throws {
    let pair = try await pair()
    let engine = try RotationEngine.inMemory(clock: ManualClock())
    #expect(
      try await engine.refresh(pair.refreshToken, client: Self.web) == .refused(.badToken(.unknownKey)))
  }
}

private struct Unexpected: Error {}

/// Keys whose readings a test holds up or has fail.
private final class HeldKeys: KeySource {
  private struct State {
    var isHeld = false
    var failure: KeyError?
  }

  let keys: FolderKeys
  private let state = Mutex(State())
  private let gate = Semaphore()

  init(_ keys: FolderKeys) { self.keys = keys }

  func fail(with failure: KeyError?) { state.withLock { $0.failure = failure } }

  func hold() { state.withLock { $0.isHeld = true } }

  func letGo() {
    state.withLock { $0.isHeld = false }
    gate.post()
  }

  var place: String { keys.place }
  var missing: String { keys.missing }
  var stamp: KeyStamp { keys.stamp }
  var publication: KeyPublication? { nil }
  func place(of purpose: KeyPurpose) -> String { keys.place(of: purpose) }
  func prepare() throws(KeyError) { try keys.prepare() }
  func readBetweenChanges() throws(KeyChangeError) -> KeyTexts { try keys.readBetweenChanges() }

  func read() throws(KeyError) -> KeyTexts {
    let now = state.withLock { $0 }
    if now.isHeld { gate.wait() }
    if let failure = now.failure { throw failure }
    return try keys.read()
  }

  func create(_ purpose: KeyPurpose, _ bytes: [UInt8]) throws(KeyError) -> Bool { try keys.create(purpose, bytes) }

  func replace(
    _ purpose: KeyPurpose, by change: (KeyTexts) throws(KeyChangeError) -> [UInt8]
  ) throws(KeyChangeError) {
    try keys.replace(purpose, by: change)
  }
}
