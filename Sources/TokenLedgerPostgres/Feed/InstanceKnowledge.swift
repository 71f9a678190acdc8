#if Postgres
internal import Platform
internal import RotationModel
internal import Synchronization

/// The knowledge that an instance has of its ledger without asking: the time, the revocations and their age, and the
/// state that it must not see go back.
///
/// The lanes add what they commit, and the feed adds what others do. It can be used from any thread.
package final class InstanceKnowledge: Sendable {
  package let clock: DatabaseClock
  package let witness: Witness
  let queries: FeedQueries
  let age: FeedAge
  let revocations: RevocationRegister
  let condition: FeedCondition
  /// The number up to which all events exist or never will, and are on the standby if one is required.
  let eventFloor = RisingNumber()
  /// The last change of what the instances share beside sessions: keys and accounts.
  package let recordChange = RisingNumber()
  /// The greatest `staleAfter` that an instance has announced, in milliseconds.
  let staleMilliseconds = RisingNumber()
  let wakeUp: WakeUp
  /// The answers that the lanes get, by which the feed notices that it waits in vain.
  let laneAnswers: OtherAnswers
  private let listening = Mutex(Listening())

  private struct Listening {
    var listener: (@Sendable (LedgerNotice) -> Void)?
    /// The first notices while nobody listens, as before a ledger runs.
    var waiting: [LedgerNotice] = []
  }

  private static let waitingMax = 8

  /// - Throws: `.unreachable` if the system has no descriptor left.
  package init(options: PostgresOptions) throws(DatabaseError) {
    do { wakeUp = try WakeUp() } catch { throw .unreachable("no descriptor is left for the feed: \(error)") }
    laneAnswers = try OtherAnswers()
    clock = DatabaseClock(simulated: options.simulatedClock)
    queries = FeedQueries(options: options)
    witness = Witness(clock: clock, queries: queries, eventRetention: options.eventRetention)
    age = FeedAge(clock: clock, staleAfter: options.staleAfter)
    condition = FeedCondition(clock: clock, age: age, refusesWhenStale: options.onStale == .refuse)
    revocations = RevocationRegister(condition)
  }

  /// The register that verifiers ask.
  package var register: any AccessRegister { revocations }

  package var health: LedgerHealth { condition.health }

  /// The reason that there is no connection in one line without secrets, or nil while there is one.
  package var awayReason: String? { condition.reason }

  /// Makes the feed read at once.
  package func wakeFeed() { wakeUp.post() }

  /// Sets the listener for steps of the database's clock and damaged rows, until nil is set.
  ///
  /// The listener first receives the notices that came before.
  package func setNotice(_ notice: (@Sendable (LedgerNotice) -> Void)?) {
    let waiting = listening.withLock { state in
      state.listener = notice
      guard notice != nil else { return [LedgerNotice]() }
      defer { state.waiting = [] }
      return state.waiting
    }
    for early in waiting { notice?(early) }
  }

  func tell(_ notice: LedgerNotice) {
    let listener = listening.withLock { state in
      if state.listener == nil, state.waiting.count < Self.waitingMax { state.waiting.append(notice) }
      return state.listener
    }
    listener?(notice)
  }

  /// The hooks that answer the lanes.
  ///
  /// The examination of a new connection is bounded by five seconds, not by the deadlines of the lanes.
  package var hooks: LaneHooks {
    var hooks = LaneHooks()
    hooks.examine = { (connection) throws(DatabaseError) in
      try self.witness.examine(connection, deadline: .now + .seconds(5))
    }
    hooks.isLeftBehind = { self.witness.isLeftBehind($0) }
    hooks.leastTime = { self.clock.leastTime() }
    hooks.noteClockRefusal = { self.clock.noteRefusal(underShift: $0) }
    hooks.noteTime = { time, shift in
      self.laneAnswers.note()
      self.clock.note(ledgerMilliseconds: time.milliseconds, bootAtReply: self.clock.bootMilliseconds())
      if shift > self.clock.currentShiftMilliseconds { self.wakeFeed() }
    }
    hooks.noteRevocations = { self.revocations.insert($0) }
    hooks.acknowledge = { self.witness.acknowledge($0, under: $1) }
    hooks.isSeen = { self.revocations.notes.contains($0) }
    hooks.expectWindow = { self.revocations.notes.expectUse(untilMilliseconds: $0.milliseconds) }
    hooks.shifts = { self.clock.shifts }
    return hooks
  }
}
#endif
