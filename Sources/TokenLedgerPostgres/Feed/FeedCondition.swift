#if Postgres
internal import RotationModel
internal import Synchronization

/// The age of the news from the database, by a clock that goes on while the process is stopped.
final class FeedAge: Sendable {
  private let clock: DatabaseClock
  /// The boot clock before the last look that was answered; far back before the first.
  private let lastLook = Atomic<Int64>(.min / 2)
  private let staleMilliseconds: Int64

  init(clock: DatabaseClock, staleAfter: Duration) {
    self.clock = clock
    let (seconds, attoseconds) = staleAfter.components
    staleMilliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }

  /// Notes that all that had been committed when the boot clock said this is known now.
  func noteLook(boot: Int64) { lastLook.max(boot, ordering: .relaxed) }

  /// The age; nil before the first look.
  var milliseconds: Int64? {
    let last = lastLook.load(ordering: .relaxed)
    return last < 0 && last <= .min / 2 ? nil : max(0, clock.bootMilliseconds() - last)
  }

  /// Whether it is older than it may be. From any thread; also right after the process was stopped for a while.
  var isStale: Bool { milliseconds.map { $0 > staleMilliseconds } ?? true }
}

/// The state of the instance's link to its database, as its feed sees it, which asks many times a second.
final class FeedCondition: Sendable {
  private enum Link {
    case connected
    case away(since: Timestamp)
  }

  private struct State {
    var link: Link
    var reason: String?
    /// The words of an instance that misses what it acknowledged.
    var fenced: String?
    var closed: String?
  }

  private let clock: DatabaseClock
  private let age: FeedAge
  private let refusesWhenStale: Bool
  private let state: Mutex<State>
  /// Whether the words of one that misses something are there.
  private let isFenced = Atomic(false)

  /// From which age of an unanswered look on the ledger is said to be stalled.
  private static let stalledMilliseconds: Int64 = 2000

  init(clock: DatabaseClock, age: FeedAge, refusesWhenStale: Bool) {
    (self.clock, self.age, self.refusesWhenStale) = (clock, age, refusesWhenStale)
    state = Mutex(State(link: .connected))
  }

  func noteConnected() {
    state.withLock { state in
      (state.link, state.reason, state.fenced) = (.connected, nil, nil)
      isFenced.store(false, ordering: .relaxed)
    }
  }

  /// There is no connection, and why.
  ///
  /// - Parameter isFenced: whether the database lacks what this instance acknowledged.
  func noteAway(_ error: DatabaseError, isFenced: Bool) {
    let now = clock.now()
    state.withLock { state in
      state.reason = error.description
      state.fenced = isFenced ? StepRefusal.lacking.description : nil
      self.isFenced.store(isFenced, ordering: .relaxed)
      if case .connected = state.link { state.link = .away(since: now) }
    }
  }

  func close(_ reason: String) {
    state.withLock { if $0.closed == nil { $0.closed = reason } }
  }

  /// Why there is no connection; nil while there is one.
  var reason: String? { state.withLock { $0.reason } }

  var health: LedgerHealth {
    let milliseconds = age.milliseconds
    let condition: LedgerHealth.State = state.withLock { state in
      if let closed = state.closed { return .closed(closed) }
      switch state.link {
      case .away(let since): return .unavailable(since: since)
      case .connected: return milliseconds ?? 0 >= Self.stalledMilliseconds ? .stalled : .acceptsChanges
      }
    }
    // Before the first look nothing is known of others, and whoever opens the ledger waits for that.
    var health = LedgerHealth(
      state: condition, feedAge: .milliseconds(milliseconds ?? 0),
      clockShiftSeconds: DatabaseClock.seconds(ofShiftMilliseconds: clock.currentShiftMilliseconds))
    health.isFeedStale = age.isStale
    health.refusesAccess = refusesAccess
    health.lacksChanges = isFenced.load(ordering: .relaxed)
    return health
  }

  /// Whether every access token is refused: the news are older than they may be, or the database lacks what was
  /// acknowledged, so that what was revoked is possibly not in it. Costs an atomic load, and a look at the boot clock if
  /// the age counts.
  var refusesAccess: Bool { isFenced.load(ordering: .relaxed) || refusesWhenStale && age.isStale }

  /// The fix if the database lacks what this instance acknowledged; nil while it does not.
  var fenced: String? { state.withLock { $0.fenced } }
}
#endif
