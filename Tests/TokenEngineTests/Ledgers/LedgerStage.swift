import LedgerTesting
import RotationModel
import Synchronization
import Testing
import TokenLedger
import TokenTesting

#if Postgres
import PostgresTesting
import TokenLedgerPostgres
#endif

/// The ledgers that must keep what `SessionLedger`, `OneTimeLedger` and `EventLedger` promise.
///
/// Another one is another case: the suites here are written against the protocols alone.
enum ConformingLedger: String, CaseIterable, Sendable {
  /// `RefreshLedger`, with a log on a disk that does nothing while the test holds it.
  case refreshLedger
  case dictionary
  #if Postgres
  case postgres
  #endif

  /// The ledgers that know what they decided before it is durable, and answer from that.
  static let decidingInMemory: [ConformingLedger] = [.refreshLedger, .dictionary]

  /// Returns the times that the ledger can have after the wall clock was set back: `time`, or a millisecond more if
  /// many share the ledger and one of them noticed it at once.
  ///
  /// The time has to be later than whatever was issued before.
  func timesAfterSetBack(_ time: Timestamp) -> ClosedRange<Timestamp> {
    switch self {
    case .refreshLedger, .dictionary: time...time
    #if Postgres
    case .postgres: time...time.advanced(byMilliseconds: 1)
    #endif
    }
  }

  /// Plays a test on a new ledger; `holding` is true if the test holds what the ledger decides.
  func play(holding: Bool = false, _ test: (LedgerStage) async throws -> Void) async throws {
    let stage = try await stage(holding: holding)
    do { try await test(stage) } catch {
      await stage.release()
      await stage.end()
      throw error
    }
    await stage.release()
    await stage.end()
  }

  private func stage(holding: Bool) async throws -> LedgerStage {
    let clock = ManualClock()
    switch self {
    #if Postgres
    case .postgres: return try await LedgerStage.postgres(clock: clock, holding: holding)
    #endif
    case .refreshLedger:
      let executor = SteppedExecutor()
      let ledger = try await executor.driving {
        try await RefreshLedger.open(
          storage: FakeStorage(seed: 1), executor: executor, options: LedgerOptions(), clock: clock.sessionClock,
          random: SeededGenerator(seed: 1)
        ).ledger
      }
      let disk = HeldDisk(executor)
      await disk.release()
      return LedgerStage(
        clock: clock, ledger: ledger, hold: { await disk.hold() }, release: { await disk.release() },
        heartbeat: { try await ledger.sweepExpired() }, end: { await disk.hold() })
    case .dictionary:
      let ledger = DictionaryLedger(clock: clock, random: SeededGenerator(seed: 1))
      return LedgerStage(
        clock: clock, ledger: ledger, hold: { ledger.hold() }, release: { ledger.release() },
        heartbeat: { ledger.sweep() }, end: {})
    }
  }
}

#if Postgres
extension LedgerStage {
  fileprivate static func postgres(clock: ManualClock, holding: Bool) async throws -> LedgerStage {
    let held = holding ? try await HeldServer() : nil
    let ledger = try await PostgresLedgers.make(clock: clock, on: held?.server)
    var stage = LedgerStage(
      clock: clock, ledger: ledger, hold: { await held?.hold() }, release: { await held?.release() },
      heartbeat: { try await ledger.upkeep.sweep(outliving: 0) },
      end: {
        try? await ledger.close()
        held?.server.end()
      })
    stage.waiting = { try await held?.waiting ?? 0 }
    return stage
  }
}
#endif

/// A ledger, and what its maker can do to it.
struct LedgerStage: Sendable {
  let clock: ManualClock
  let ledger: any OneTimeLedger & EventLedger
  /// The action that keeps new decisions from becoming durable.
  let hold: @Sendable () async -> Void
  /// The action that lets decisions become durable again.
  let release: @Sendable () async -> Void
  /// The number of calls that a held ledger has begun and that wait; nil if calls are decided before they wait, and
  /// counted as events.
  fileprivate var waiting: (@Sendable () async throws -> Int)?
  /// The work that the ledger does once a second.
  let heartbeat: @Sendable () async throws -> Void
  fileprivate let end: @Sendable () async -> Void

  fileprivate init(
    clock: ManualClock, ledger: any OneTimeLedger & EventLedger, hold: @escaping @Sendable () async -> Void,
    release: @escaping @Sendable () async -> Void, heartbeat: @escaping @Sendable () async throws -> Void,
    end: @escaping @Sendable () async -> Void
  ) {
    self.clock = clock
    self.ledger = ledger
    self.hold = hold
    self.release = release
    self.heartbeat = heartbeat
    self.end = end
  }
}

/// Runs an executor's jobs but for the time in which it is held.
private actor HeldDisk {
  private let executor: SteppedExecutor
  private var running: (end: AsyncStream<Never>.Continuation, task: Task<Void, Never>)?

  init(_ executor: SteppedExecutor) {
    self.executor = executor
  }

  func release() {
    guard running == nil else { return }
    let (stream, end) = AsyncStream<Never>.makeStream()
    let executor = executor
    running = (end, Task.detached { await executor.driving { for await _ in stream {} } })
  }

  func hold() async {
    guard let running else { return }
    self.running = nil
    running.end.finish()
    await running.task.value
  }
}

// MARK: - What the suites ask for again and again

extension LedgerStage {
  static func grant(
    _ subject: String = "ann", _ client: String = "web", scope: String = "read", idle: Int64 = 3_600_000,
    version: AccountVersion = .none, clientVersion: AccountVersion = .none
  ) throws -> SessionGrant {
    SessionGrant(
      subject: subject, client: client, scope: scope,
      lifetimes: try #require(Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: 100 * 3_600_000)),
      subjectVersion: version, clientVersion: clientVersion)
  }

  func open(_ grant: SessionGrant) async throws -> Session {
    try await ledger.open(grant, deadline: nil) { session, _ in session }
  }

  func open(_ subject: String = "ann", _ client: String = "web") async throws -> Session {
    try await open(Self.grant(subject, client))
  }

  func rotate(_ request: RotationRequest) async throws -> Rotation {
    try await ledger.rotate(request, deadline: nil) { outcome, _ in outcome }
  }

  /// Checks whether the session's live access token is refused, as a verifier finds it.
  func refusesAccess(of session: Session) -> Bool {
    ledger.register.isRefused(
      session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
  }

  /// True if a ledger decides, and makes the reply, while its decision is not durable yet.
  var decidesBeforeDurable: Bool { waiting == nil }

  /// Begins a call, and returns once it waits: if it is decided before that, once it has counted an event.
  func begin<Outcome: Sendable>(
    _ call: @escaping @Sendable () async throws(LedgerError) -> Outcome
  ) async throws -> HeldCall<Outcome> {
    func count() async throws -> UInt64 {
      if let waiting { UInt64(try await waiting()) } else { await ledger.statistics.sequence }
    }
    let before = try await count()
    let held = HeldCall(call)
    while try await count() == before { await Task.yield() }
    return held
  }
}

/// A call that may not have returned yet.
final class HeldCall<Outcome: Sendable>: Sendable {
  let task: Task<Result<Outcome, LedgerError>, Never>
  private let flag: Flag

  init(_ call: @escaping @Sendable () async throws(LedgerError) -> Outcome) {
    let told = Flag()
    flag = told
    task = Task {
      defer { told.set() }
      do throws(LedgerError) { return .success(try await call()) } catch { return .failure(error) }
    }
  }

  /// Checks whether the call has returned, after far more turns than it takes to come as far as it can.
  func hasReturned() async -> Bool {
    for _ in 0..<500 { await Task.yield() }
    return flag.isSet
  }

  /// The error that the call ended with; nil for none.
  var failure: LedgerError? {
    get async { if case .failure(let error) = await task.value { error } else { nil } }
  }
}

/// A flag that is set once and seen from anywhere.
final class Flag: Sendable {
  private let state = Mutex(false)

  var isSet: Bool { state.withLock { $0 } }

  func set() { state.withLock { $0 = true } }
}

extension Rotation {
  /// The session that a token was handed out of.
  var session: Session? {
    switch self {
    case .rotated(let session), .refreshed(let session): session
    case .retried, .refused: nil
    }
  }
}
