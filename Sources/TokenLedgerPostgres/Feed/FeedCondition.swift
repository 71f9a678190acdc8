#if Postgres
internal import RotationModel
internal import Synchronization

/// The age of the news from the database, by a clock that continues while the process is stopped.
final class FeedAge: Sendable {
  private let clock: DatabaseClock
  /// The boot clock before the last reading that was answered; far in the past before the first.
  private let lastLook = Atomic<Int64>(.min / 2)
  private let staleMilliseconds: Int64

  init(clock: DatabaseClock, staleAfter: Duration) {
    self.clock = clock
    let (seconds, attoseconds) = staleAfter.components
    staleMilliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }

  /// Notes that everything that was committed when the boot clock had this value is known now.
  func noteLook(boot: Int64) { lastLook.max(boot, ordering: .relaxed) }

  /// The age in milliseconds, or nil before the first reading.
  var milliseconds: Int64? {
    let last = lastLook.load(ordering: .relaxed)
    return last < 0 && last <= .min / 2 ? nil : max(0, clock.bootMilliseconds() - last)
  }

  /// True if the age exceeds its limit.
  ///
  /// The value can be read from any thread, and is right even after the process was stopped.
  var isStale: Bool { milliseconds.map { $0 > staleMilliseconds } ?? true }
}

/// The state of the instance's link to its database, as the feed sees it, which asks many times a second.
final class FeedCondition: Sendable {
  private enum Link {
    case connected
    case away(since: Timestamp)
  }

  private struct State {
    var link: Link
    var reason: String?
    /// The message for a database that lacks what this instance acknowledged.
    var fenced: String?
    var closed: String?
  }

  private let clock: DatabaseClock
  private let age: FeedAge
  private let refusesWhenStale: Bool
  private let state: Mutex<State>
  /// True while `fenced` has a message.
  private let isFenced = Atomic(false)

  /// The age of an unanswered reading, in milliseconds, from which on the ledger counts as stalled.
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

  /// Notes that there is no connection, with the error.
  ///
  /// `isFenced` is true if the database lacks what this instance or another one acknowledged.
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

  /// The reason that there is no connection, or nil while there is one.
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
    // Before the first reading nothing is known of others; the caller that opens the ledger waits for it.
    var health = LedgerHealth(
      state: condition, feedAge: .milliseconds(milliseconds ?? 0),
      clockShiftSeconds: DatabaseClock.seconds(ofShiftMilliseconds: clock.currentShiftMilliseconds))
    health.isFeedStale = age.isStale
    health.refusesAccess = refusesAccess
    health.lacksChanges = isFenced.load(ordering: .relaxed)
    return health
  }

  /// True if every access token is refused: the news is too old, or the database lacks what was acknowledged and may
  /// lack revocations.
  ///
  /// Reading it costs an atomic load, and a reading of the boot clock if the age counts.
  var refusesAccess: Bool { isFenced.load(ordering: .relaxed) || refusesWhenStale && age.isStale }

  /// The fix if the database lacks what this instance acknowledged; nil otherwise.
  var fenced: String? { state.withLock { $0.fenced } }
}
#endif
