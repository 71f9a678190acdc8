import LedgerTesting
import Synchronization
import Testing
import TokenLedger
import TokenSigning
import TokenTesting

@testable import TokenEngine

/// An engine over a disk that does nothing until it is told to.
private struct HeldEngine {
  let disk = FakeStorage(seed: 1)
  let executor = SteppedExecutor()
  let ledger: RefreshLedger
  let engine: RotationEngine

  static let client = Client(id: "web", isPublic: true)

  init(grace: Duration = .zero) async throws {
    let (disk, executor, clock) = (disk, executor, ManualClock())
    let ledger = try await executor.driving {
      try await RefreshLedger.open(
        storage: disk, executor: executor, options: LedgerOptions(), clock: clock.sessionClock,
        random: SeededGenerator(seed: 1)
      ).ledger
    }
    self.ledger = ledger
    var options = EngineOptions()
    options.grace = grace
    options.reuse = .refuse
    engine = RotationEngine(
      options: options, keys: KeyRing(TokenKeys.generate()), ledger: ledger, recovery: nil, subjects: nil,
      clock: clock.sessionClock, observer: RecordingObserver())
  }

  /// A token whose session is on disk.
  func token() async throws -> String {
    let engine = engine
    return try await executor.driving {
      try await engine.openUncheckedSession(subject: "ann", client: EngineFixture.client, scopes: []).refreshToken
    }
  }

  /// The call must wait while the disk does, and fail with it.
  func expectWaiting(_ token: String, _ comment: Comment) async {
    await expectWaiting(comment) { [engine] in _ = try await engine.refresh(token, client: Self.client) }
  }

  func expectWaiting(_ comment: Comment, _ call: @escaping @Sendable () async throws -> Void) async {
    let told = Mutex(false)
    let task = Task {
      defer { told.withLock { $0 = true } }
      do {
        try await call()
        return false
      } catch {
        return true
      }
    }
    // Far more turns than the call takes to come as far as it may.
    for _ in 0..<500 { await Task.yield() }
    #expect(!told.withLock { $0 }, comment)
    var script = FaultScript()
    script.syncsUntilFailure = 0
    disk.follow(script)
    let failed = await executor.driving { await task.value }
    #expect(failed, comment)
  }

  /// Spends the token without waiting for the disk.
  func spend(_ token: String) async throws {
    let identifier = try engine.refreshing.verifier.verifyRefresh(token, nowMilliseconds: 0).identifier
    _ = try await ledger.stageRotation(RotationRequest(token: TokenID(identifier), client: "web"))
  }
}

@Suite("A reply waits until what it rests on is on disk")
struct DurableReplyTests {
  @Test("a new pair")
  func grant() async throws {
    let held = try await HeldEngine()
    await held.expectWaiting(try await held.token(), "a new pair")
  }

  @Test("the same pair again, in the grace window")
  func replay() async throws {
    let held = try await HeldEngine(grace: .seconds(10))
    let token = try await held.token()
    try await held.spend(token)
    await held.expectWaiting(token, "the same pair")
  }

  @Test("the refusal of a used token")
  func refusal() async throws {
    let held = try await HeldEngine()
    let token = try await held.token()
    try await held.spend(token)
    await held.expectWaiting(token, "a refusal")
  }

  @Test("each pair of a batch")
  func batch() async throws {
    let held = try await HeldEngine()
    let request = RefreshRequest(token: try await held.token(), client: HeldEngine.client)
    await held.expectWaiting("a batch") { [engine = held.engine] in _ = try await engine.refresh([request]) }
  }

  @Test("a new session's pair, a one-time token, and every revocation")
  func otherReplies() async throws {
    let calls: [(Comment, @Sendable (RotationEngine, TokenPair) async throws -> Void)] = [
      (
        "an opening",
        { engine, _ in
          _ = try await engine.openUncheckedSession(subject: "ann", client: HeldEngine.client, scopes: [])
        }
      ),
      (
        "a one-time token",
        { engine, _ in
          _ = try await engine.issueOneTimeToken(purpose: "reset", subject: "ann", lifetime: .seconds(60))
        }
      ),
      ("a session's revocation", { engine, pair in _ = try await engine.revoke(pair.session) }),
      (
        "a refresh token's revocation",
        { engine, pair in
          _ = try await engine.revoke(token: pair.refreshToken, client: HeldEngine.client)
        }
      ),
      (
        "an access token's revocation",
        { engine, pair in
          _ = try await engine.revoke(token: pair.accessToken, client: HeldEngine.client)
        }
      ),
      ("a wide revocation", { engine, _ in try await engine.revokeSessions(of: .all) }),
    ]
    for (comment, call) in calls {
      let held = try await HeldEngine()
      let engine = held.engine
      let pair = try await held.executor.driving {
        try await engine.openUncheckedSession(subject: "ann", client: HeldEngine.client, scopes: [])
      }
      await held.expectWaiting(comment) { try await call(engine, pair) }
    }
  }
}
