internal import Synchronization
internal import TokenEngine
internal import TokenLedger

/// An observer that counts the engine's events by the second for the console's pages, and keeps the latest events for
/// an operator.
///
/// The counts are of this process and end with it. Each event costs a lock that is never held for long.
final class ConsoleActivity: EngineObserver {
  private struct Second {
    var number: Int64 = -1
    var counts = [UInt32](repeating: 0, count: ActivityKind.allCases.count)
    var commits = CommitTimes()
  }

  private struct State {
    var totals = [UInt64](repeating: 0, count: ActivityKind.allCases.count)
    var seconds = [Second](repeating: Second(), count: ActivityReading.secondsKept)
    var alarms: [ConsoleAlarm] = []

    /// Returns the index of the second, cleared of an earlier second's counts.
    mutating func place(of second: Int64) -> Int {
      let place = Int(second % Int64(ActivityReading.secondsKept))
      if seconds[place].number != second { seconds[place] = Second(number: second) }
      return place
    }
  }

  private let state = Mutex(State())
  private let began: ContinuousClock.Instant
  private let now: @Sendable () -> ContinuousClock.Instant
  private let clock: SessionClock

  init(
    clock: SessionClock = .system, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.clock = clock
    self.now = now
    began = now()
  }

  func engine(observed event: EngineEvent) {
    switch event {
    case .opened: note(.opened)
    case .rotated, .refreshed: note(.rotated)
    case .retried: note(.retried)
    case .refused(.reused(let reuse, _, let revoked), let token, let client):
      let what = ConsoleAlarm.What.reused(client: client, reuse, revokedSession: revoked)
      note(revoked ? [.refused, .reused, .revoked] : [.refused, .reused], alarm(token?.session, what))
    case .refused(.neverIssued, let token, let client):
      note([.refused, .revoked], alarm(token?.session, .neverIssued(client: client)))
    case .refused: note(.refused)
    case .revoked(let session): note([.revoked], alarm(session, .revoked))
    case .revokedAll(let scope): note([.revoked], alarm(nil, .revokedAll(scope)))
    case .checkpointFailed(let what): note([], alarm(nil, .checkpointFailed(what)))
    case .clockStepped(_, let shift): note([], alarm(nil, .clockStepped(shiftSeconds: shift)))
    case .databaseUnavailable(let why): note([.outage], alarm(nil, .databaseUnavailable(why)))
    case .databaseAvailable: note([], alarm(nil, .databaseAvailable))
    case .databaseFenced(let fix): note([], alarm(nil, .databaseFenced(fix)))
    case .databaseDamaged(let what): note([], alarm(nil, .databaseDamaged(what)))
    case .feedStale: note([], alarm(nil, .feedStale))
    case .feedCaughtUp: note([], alarm(nil, .feedCaughtUp))
    case .policyDiffers(let before, let now): note([], alarm(nil, .policyDiffers(before: before, now: now)))
    // An outage causes many of these events, which would displace all other alarms.
    case .outcomeUnknown: note(.unknown)
    case .clientGranted, .accessRevoked, .oneTimeIssued, .oneTimeConsumed, .oneTimeRefused, .checkpointed,
      .keysReloaded, .keysRefused:
      break
    }
  }

  func engine(committedWithin duration: Duration) {
    let second = second
    state.withLock { state in
      let place = state.place(of: second)
      state.seconds[place].commits.add(duration)
    }
  }

  func read() -> ActivityReading {
    let second = second
    return state.withLock { state in
      // The current second is left out, since its counts are not complete.
      let past = (max(0, second - Int64(ActivityReading.secondsKept) + 1)..<max(second, 1)).map { number in
        let kept = state.seconds[Int(number % Int64(ActivityReading.secondsKept))]
        return kept.number == number ? kept : Second()
      }
      return ActivityReading(
        totals: state.totals, counts: past.map(\.counts), commits: past.map(\.commits), alarms: state.alarms.reversed())
    }
  }

  private var second: Int64 { (now() - began).components.seconds }

  private func alarm(_ session: SessionID?, _ what: ConsoleAlarm.What) -> ConsoleAlarm {
    ConsoleAlarm(time: clock.now(), session: session, what: what)
  }

  private func note(_ kind: ActivityKind) { note([kind], nil) }

  private func note(_ kinds: [ActivityKind], _ alarm: ConsoleAlarm?) {
    let second = second
    state.withLock { state in
      let place = state.place(of: second)
      for kind in kinds {
        state.totals[kind.rawValue] += 1
        state.seconds[place].counts[kind.rawValue] &+= 1
      }
      guard let alarm else { return }
      if state.alarms.count == ActivityReading.alarmsKept { state.alarms.removeFirst() }
      state.alarms.append(alarm)
    }
  }
}

/// The counts of a ``ConsoleActivity`` at one moment.
struct ActivityReading {
  static let secondsKept = 300
  static let alarmsKept = 20

  private static let rateSeconds = 10
  private static let minute = 60
  private static let pointSeconds = 5

  private let totals: [UInt64]
  /// The counts of the last seconds, the latest one last, by the kind.
  private let counts: [[UInt32]]
  private let commits: [CommitTimes]
  /// The alarms, the latest one first.
  let alarms: [ConsoleAlarm]

  init(totals: [UInt64], counts: [[UInt32]], commits: [CommitTimes], alarms: [ConsoleAlarm]) {
    self.totals = totals
    self.counts = counts
    self.commits = commits
    self.alarms = alarms
  }

  /// Returns the count since the start.
  func total(_ kind: ActivityKind) -> UInt64 { totals[kind.rawValue] }

  /// Returns the events a second over the last ten seconds.
  func rate(_ kind: ActivityKind) -> Double {
    let last = counts.suffix(Self.rateSeconds)
    return last.isEmpty ? 0 : Double(last.reduce(0) { $0 + UInt64($1[kind.rawValue]) }) / Double(last.count)
  }

  /// Returns the rates of the last five minutes, one for every five seconds, the latest one last.
  func rates(_ kind: ActivityKind) -> [Double] {
    let points = Self.secondsKept / Self.pointSeconds
    return (0..<points).map { point in
      let end = counts.count - (points - 1 - point) * Self.pointSeconds
      guard end > 0 else { return 0 }
      let sum = counts[max(0, end - Self.pointSeconds)..<end].reduce(0) { $0 + UInt64($1[kind.rawValue]) }
      return Double(sum) / Double(Self.pointSeconds)
    }
  }

  /// The commits of the last minute.
  var lastCommits: CommitTimes {
    var times = CommitTimes()
    for second in commits.suffix(Self.minute) { times.add(second) }
    return times
  }

  /// The commits a second over the last ten seconds.
  var commitRate: Double {
    let last = commits.suffix(Self.rateSeconds)
    return last.isEmpty ? 0 : Double(last.reduce(0) { $0 + $1.count }) / Double(last.count)
  }
}

/// The kinds of events that a console counts.
enum ActivityKind: Int, CaseIterable {
  case opened, rotated, retried, reused, refused, revoked
  /// The losses of the database, and the changes with an unknown outcome.
  case outage, unknown
}

/// An event for the attention of an operator.
struct ConsoleAlarm: Sendable {
  enum What: Sendable {
    case reused(client: String, ReuseClass, revokedSession: Bool)
    /// The ledger is older than a state it has served.
    case neverIssued(client: String)
    case revoked
    case revokedAll(SessionScope)
    case checkpointFailed(String)
    case clockStepped(shiftSeconds: Int64)
    case databaseUnavailable(String)
    case databaseAvailable
    case databaseFenced(String)
    case databaseDamaged(String)
    case feedStale
    case feedCaughtUp
    case policyDiffers(before: String, now: String)
  }

  let time: Timestamp
  let session: SessionID?
  let what: What
}

/// The durations of some commits.
struct CommitTimes: Sendable {
  private(set) var count = 0
  private(set) var sum = Duration.zero
  private(set) var longest = Duration.zero

  var mean: Duration { count == 0 ? .zero : sum / count }

  mutating func add(_ duration: Duration) {
    count += 1
    sum += duration
    longest = max(longest, duration)
  }

  mutating func add(_ other: CommitTimes) {
    count += other.count
    sum += other.sum
    longest = max(longest, other.longest)
  }
}
