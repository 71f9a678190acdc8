#if Postgres
internal import Platform
internal import Synchronization

/// The calls that wait for a lane, and what the lanes are doing.
///
/// All callers that wait when a lane is free go in one step.
final class LaneQueue: Sendable {
  /// The most calls that wait.
  static let waitingMax = 65_536
  /// The least rotations that must wait before another lane than the first takes some: two half steps cost two commits.
  private static let secondLaneMin = 128
  private static let firstLanePatience = Duration.milliseconds(20)

  private struct LaneState {
    var isIdle = false
    var isConnected = false
    var hasEnded = false
    var busySince: ContinuousClock.Instant?
    var calls: [any LaneCall] = []
    var steps = 0
  }

  private struct State {
    var backlog = LaneBacklog()
    var lanes: [LaneState]
    var isClosing = false
    /// Since when no lane has a connection, and why.
    var outage: (since: ContinuousClock.Instant, why: String)?
    var ended: [CheckedContinuation<Void, Never>] = []
    var standstill = Standstill(at: ContinuousClock.now)

    /// True if other lanes do the first one's work.
    var needsSecondLane: Bool {
      let isStuck = lanes[0].busySince.map { $0 + firstLanePatience < .now } ?? !lanes[0].isConnected
      return isStuck || backlog.fastCount >= secondLaneMin
    }

    /// The lane that is to be woken for a call that came, if one is idle that would take it.
    mutating func wake(isFast: Bool) -> Int? {
      let lane =
        if !isFast { lanes.lastIndex(where: \.isIdle) } else if lanes[0].isIdle { 0 } else {
          needsSecondLane ? lanes.firstIndex(where: \.isIdle) : nil
        }
      if let lane { lanes[lane].isIdle = false }
      return lane
    }

    /// The first lane prefers fast steps and takes another now and then; the others prefer what is not fast.
    mutating func next(lane: Int) -> LaneStep? {
      let isOnly = lanes.count == 1
      if lane == 0, !lanes[0].steps.isMultiple(of: isOnly ? 2 : 8), let step = backlog.takeFast() { return step }
      if let step = backlog.takeOther(prefersSingles: !isOnly && lane == lanes.count - 1) { return step }
      return lane == 0 || needsSecondLane ? backlog.takeFast() : nil
    }
  }

  private let state: Mutex<State>
  private let wakeUps: [WakeUp]
  private let requestDeadline: Duration
  private let unknowns = Mutex<(count: Int, latest: String)>((0, ""))

  init(lanes: Int, requestDeadline: Duration) throws(DatabaseError) {
    self.requestDeadline = requestDeadline
    state = Mutex(State(lanes: Array(repeating: LaneState(), count: lanes)))
    do {
      wakeUps = try (0..<lanes).map { _ in try WakeUp() }
    } catch {
      throw .unreachable("the system has no file descriptor left for the ledger's lanes (\(error)); raise its limit")
    }
  }

  /// The time at which a call that comes now is given up.
  var limit: ContinuousClock.Instant { .now + requestDeadline }

  /// The number of calls that wait or are under way.
  var callCount: Int { state.withLock { state in state.backlog.count + state.lanes.reduce(0) { $0 + $1.calls.count } } }

  // MARK: - Callers

  func add(_ call: RotationCall) throws(LedgerError) {
    // A proof is counted in a step that judges, which the fast one does not.
    guard call.request.proof == nil else { return try add(call, isFast: false) { $0.append(slow: [call]) } }
    try add(call, isFast: true) { $0.append(call) }
  }
  func add(_ call: AccessCall) throws(LedgerError) { try add(call, isFast: true) { $0.append(call) } }
  func add(_ call: OpeningCall) throws(LedgerError) { try add(call, isFast: false) { $0.append(call) } }
  func add(_ step: StepCall) throws(LedgerError) { try add(step.call, isFast: false) { $0.append(step) } }

  private func add(
    _ call: any LaneCall, isFast: Bool, _ append: (inout LaneBacklog) -> Void
  ) throws(LedgerError) {
    let lane: Int? = try state.withLock { (state) throws(LedgerError) in
      guard !state.isClosing else { throw .closed("the ledger is closed") }
      if let outage = state.outage, outage.since + requestDeadline < .now { throw .unavailable(outage.why) }
      guard state.backlog.count < Self.waitingMax else { throw .overloaded }
      if state.standstill.hasJustEnded(at: .now) { call.noteLateReading() }
      append(&state.backlog)
      return state.wake(isFast: isFast)
    }
    if let lane { wakeUps[lane].post() }
  }

  // MARK: - Lanes

  /// Waits for work; nil when the queue is closed and empty.
  func take(lane: Int) -> LaneStep? {
    while true {
      let (step, isOver, other): (LaneStep?, Bool, Int?) = state.withLock { state in
        state.lanes[lane].isIdle = false
        if let step = state.next(lane: lane) {
          state.lanes[lane].busySince = .now
          state.lanes[lane].calls = step.calls
          state.lanes[lane].steps += 1
          // What this one leaves can go beside it.
          return (step, false, state.backlog.hasOther ? state.wake(isFast: false) : nil)
        }
        if state.isClosing { return (nil, true, nil) }
        state.lanes[lane].isIdle = true
        return (nil, false, nil)
      }
      if let other { wakeUps[other].post() }
      if step != nil || isOver { return step }
      pause(lane: lane, for: .seconds(60))
    }
  }

  /// Waits so long, or until somebody wakes the lane.
  func pause(lane: Int, for duration: Duration) {
    _ = try? Readiness.wait(for: [], of: -1, orWakeBy: wakeUps[lane], until: .now + duration)
  }

  /// Ends the pauses of lanes that look for a connection.
  func wakeAll() {
    for wakeUp in wakeUps { wakeUp.post() }
  }

  /// Gives what the fast statement left to a slow step.
  func leave(_ calls: [RotationCall]) {
    guard !calls.isEmpty else { return }
    let lane = state.withLock { state in
      state.backlog.append(slow: calls)
      return state.wake(isFast: false)
    }
    if let lane { wakeUps[lane].post() }
  }

  func finish(lane: Int) {
    state.withLock { state in
      state.lanes[lane].busySince = nil
      state.lanes[lane].calls = []
    }
  }

  /// Takes back what a step did not settle.
  ///
  /// A call whose time is over is given up, and so is one that fails by itself again and again.
  func putBack(_ step: LaneStep, why: String) {
    let now = ContinuousClock.now
    for call in step.calls where !call.isSettled && (call.limit <= now || call.isHopeless) { giveUp(call, why) }
    state.withLock { $0.backlog.putBack(step) }
  }

  // MARK: - Connections

  func noteConnection(lane: Int) {
    state.withLock { state in
      state.lanes[lane].isConnected = true
      state.outage = nil
    }
  }

  func noteOutage(lane: Int, why: String) {
    state.withLock { state in
      state.lanes[lane].isConnected = false
      guard state.lanes.allSatisfy({ !$0.isConnected }) else { return }
      state.outage = (state.outage?.since ?? .now, why)
    }
  }

  /// Since when no lane has a connection, and why.
  var outage: (since: ContinuousClock.Instant, why: String)? { state.withLock { $0.outage } }

  var isClosing: Bool { state.withLock { $0.isClosing } }

  // MARK: - Time

  /// The number of calls that were told that their outcome is unknown, and why the last one was.
  var unknownOutcomes: (count: Int, latest: String) { unknowns.withLock { $0 } }

  private func giveUp(_ call: any LaneCall, _ why: String) {
    if call.wasSent { unknowns.withLock { $0 = ($0.count + 1, why) } }
    call.giveUp(why)
  }

  /// Gives up what has waited too long, and wakes lanes for what the first one does not get to.
  ///
  /// - Returns: False once all lanes have ended.
  func tick() -> Bool {
    let (queued, underWay, idle, why, isOver) = state.withLock { state in
      let now = ContinuousClock.now
      state.standstill.beat(at: now)
      let queued = state.backlog.calls
      let underWay = state.lanes.flatMap(\.calls).filter { $0.limit <= now && !$0.isSettled }
      var idle: [Int] = []
      if !queued.isEmpty {
        idle = state.lanes.indices.filter { state.lanes[$0].isIdle }
        for lane in idle { state.lanes[lane].isIdle = false }
      }
      return (
        queued.filter { $0.limit <= now && !$0.isSettled }, underWay, idle, state.outage?.why,
        state.lanes.allSatisfy(\.hasEnded)
      )
    }
    for call in queued { giveUp(call, why ?? "the database did not get to the call in time") }
    for call in underWay {
      call.noteSent()
      giveUp(call, "the database did not answer in time; what was decided stays decided")
    }
    for lane in idle { wakeUps[lane].post() }
    return !isOver
  }

  // MARK: - The end

  /// Lets no more calls in; the lanes do what is there and end.
  func beginClosing() {
    state.withLock { $0.isClosing = true }
    wakeAll()
  }

  /// Closes the queue, and waits for the lanes.
  func close() async {
    beginClosing()
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.lanes.allSatisfy(\.hasEnded) { return true }
        state.ended.append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  /// Notes that a lane's thread ends.
  ///
  /// The last lane leaves nobody waiting.
  func noteEnd(lane: Int) {
    let (ended, left): ([CheckedContinuation<Void, Never>], [any LaneCall]) = state.withLock { state in
      state.lanes[lane].hasEnded = true
      guard state.lanes.allSatisfy(\.hasEnded) else { return ([], []) }
      defer { state.ended = [] }
      return (state.ended, state.backlog.calls)
    }
    for call in left { giveUp(call, "the ledger was closed") }
    for continuation in ended { continuation.resume() }
  }
}
#endif
