#if Postgres
internal import Platform
internal import Synchronization

/// A step as a lane takes it from the queue.
enum LaneStep: Sendable {
  case fast([RotationCall], [AccessCall])
  case slow([RotationCall])
  case opening([OpeningCall])
  case single(StepCall)

  var calls: [any LaneCall] {
    switch self {
    case .fast(let rotations, let tokens): rotations as [any LaneCall] + tokens
    case .slow(let rotations): rotations
    case .opening(let openings): openings
    case .single(let step): [step.call]
    }
  }
}

/// The calls that wait for a lane, and what the lanes are doing. All callers that wait when a lane is free go in one step.
final class LaneQueue: Sendable {
  /// So many calls wait at most.
  static let waitingMax = 65_536
  private static let slowRotationsMax = 64
  private static let openingsMax = 256
  /// So many rotations must wait before another lane than the first takes some: two half steps cost two commits.
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
    var rotations: [RotationCall] = []
    var tokens: [AccessCall] = []
    var slow: [RotationCall] = []
    var openings: [OpeningCall] = []
    var singles: [StepCall] = []
    var lanes: [LaneState]
    var isClosing = false
    /// Since when no lane has a connection, and why.
    var outage: (since: ContinuousClock.Instant, why: String)?
    var ended: [CheckedContinuation<Void, Never>] = []

    var waitingCount: Int { rotations.count + tokens.count + slow.count + openings.count + singles.count }

    var queued: [any LaneCall] {
      rotations as [any LaneCall] + tokens + slow + openings + singles.map(\.call)
    }
  }

  private let state: Mutex<State>
  private let wakeUps: [WakeUp]
  private let requestDeadline: Duration

  init(lanes: Int, requestDeadline: Duration) throws(DatabaseError) {
    self.requestDeadline = requestDeadline
    state = Mutex(State(lanes: Array(repeating: LaneState(), count: lanes)))
    var wakeUps: [WakeUp] = []
    do {
      for _ in 0..<lanes { wakeUps.append(try WakeUp()) }
    } catch {
      throw .unreachable("the system has no file descriptor left for the ledger's lanes (\(error)); raise its limit")
    }
    self.wakeUps = wakeUps
  }

  /// When a call that comes now is given up.
  var limit: ContinuousClock.Instant { .now + requestDeadline }

  // MARK: - Callers

  func add(_ call: RotationCall) throws(LedgerError) {
    try add {
      $0.rotations.append(call)
    } wake: {
      $0.first
    }
  }
  func add(_ call: AccessCall) throws(LedgerError) {
    try add {
      $0.tokens.append(call)
    } wake: {
      $0.first
    }
  }
  func add(_ call: OpeningCall) throws(LedgerError) {
    try add {
      $0.openings.append(call)
    } wake: {
      $0.last
    }
  }
  func add(_ step: StepCall) throws(LedgerError) {
    try add {
      $0.singles.append(step)
    } wake: {
      $0.last
    }
  }

  private func add(
    _ change: (inout sending State) -> Void, wake: ([Int]) -> Int?
  ) throws(LedgerError) {
    let lane: Int? = try state.withLock { (state) throws(LedgerError) in
      guard !state.isClosing else { throw .closed("the ledger is closed") }
      if let outage = state.outage, outage.since + requestDeadline < .now { throw .unavailable(outage.why) }
      guard state.waitingCount < Self.waitingMax else { throw .overloaded }
      change(&state)
      let idle = state.lanes.indices.filter { state.lanes[$0].isIdle }
      guard let lane = wake(idle) else { return nil }
      state.lanes[lane].isIdle = false
      return lane
    }
    if let lane { wakeUps[lane].post() }
  }

  // MARK: - Lanes

  /// Waits for work; nil when the queue is closed and empty, or when the connection should be looked at.
  func take(lane: Int) -> LaneStep? {
    while true {
      let (step, isOver): (LaneStep?, Bool) = state.withLock { state in
        state.lanes[lane].isIdle = false
        if let step = Self.next(&state, lane: lane) {
          state.lanes[lane].busySince = .now
          state.lanes[lane].calls = step.calls
          state.lanes[lane].steps += 1
          return (step, false)
        }
        if state.isClosing { return (nil, true) }
        state.lanes[lane].isIdle = true
        return (nil, false)
      }
      if step != nil || isOver { return step }
      pause(lane: lane, for: .seconds(60))
    }
  }

  /// Waits so long, or until somebody wakes the lane.
  func pause(lane: Int, for duration: Duration) {
    _ = try? Readiness.wait(for: [], of: -1, orWakeBy: wakeUps[lane], until: .now + duration)
  }

  private static func next(_ state: inout State, lane: Int) -> LaneStep? {
    let isOnly = state.lanes.count == 1
    let steps = state.lanes[lane].steps
    // The first lane prefers fast steps and takes another now and then; the others prefer what is not fast.
    let prefersFast = lane == 0 && !(steps % (isOnly ? 2 : 8) == 0)
    if prefersFast, let step = fast(&state, lane: lane) { return step }
    return single(&state, last: !isOnly && lane == state.lanes.count - 1) ?? fast(&state, lane: lane)
  }

  private static func fast(_ state: inout State, lane: Int) -> LaneStep? {
    guard !state.rotations.isEmpty || !state.tokens.isEmpty else { return nil }
    if lane > 0 {
      let first = state.lanes[0]
      let isStuck = first.busySince.map { $0 + firstLanePatience < .now } ?? !first.isConnected
      guard isStuck || state.rotations.count + state.tokens.count >= secondLaneMin else { return nil }
    }
    var (taken, left): ([RotationCall], [RotationCall]) = ([], [])
    var sessions: Set<SessionID> = []
    for call in state.rotations {
      if call.isSettled { continue }
      // Of one session one at a time: the next finds what became of it.
      let isTaken = taken.count < FastRotation.requestsMax && sessions.insert(call.request.token.session).inserted
      if isTaken { taken.append(call) } else { left.append(call) }
    }
    state.rotations = left
    let tokens = state.tokens.filter { !$0.isSettled }
    state.tokens = []
    guard !taken.isEmpty || !tokens.isEmpty else { return nil }
    return .fast(taken.sorted { $0.request.token.session < $1.request.token.session }, tokens)
  }

  private static func single(_ state: inout State, last: Bool) -> LaneStep? {
    state.singles.removeAll { $0.call.isSettled }
    if last, !state.singles.isEmpty { return .single(state.singles.removeFirst()) }
    state.slow.removeAll(where: \.isSettled)
    if !state.slow.isEmpty { return .slow(takeTogether(&state.slow, max: slowRotationsMax) { _ in 1 }) }
    state.openings.removeAll(where: \.isSettled)
    if !state.openings.isEmpty {
      return .opening(takeTogether(&state.openings, max: openingsMax, size: \.request.count))
    }
    return state.singles.isEmpty ? nil : .single(state.singles.removeFirst())
  }

  /// Those at the front that can go together: one that has failed with others goes by itself.
  private static func takeTogether<Request, Value>(
    _ calls: inout [Call<Request, Value>], max: Int, size: (Call<Request, Value>) -> Int
  ) -> [Call<Request, Value>] {
    var (count, total) = (0, 0)
    for call in calls {
      guard count == 0 || !call.isAlone && total + size(call) <= max else { break }
      count += 1
      total += size(call)
      if call.isAlone { break }
    }
    defer { calls.removeFirst(count) }
    return Array(calls.prefix(count))
  }

  /// What the fast statement left goes to a slow step.
  func leave(_ calls: [RotationCall]) {
    guard !calls.isEmpty else { return }
    let lane: Int? = state.withLock { state in
      state.slow += calls
      guard let lane = state.lanes.lastIndex(where: \.isIdle) else { return nil }
      state.lanes[lane].isIdle = false
      return lane
    }
    if let lane { wakeUps[lane].post() }
  }

  func finish(lane: Int) {
    state.withLock { state in
      state.lanes[lane].busySince = nil
      state.lanes[lane].calls = []
    }
  }

  /// Takes back what a step did not settle, before what came later. What is over is given up.
  func putBack(_ step: LaneStep, why: String) {
    let over = step.calls.filter { !$0.isSettled && $0.limit <= .now }
    for call in over { call.giveUp(why) }
    state.withLock { state in
      switch step {
      case .fast(let rotations, let tokens):
        // A fast step that fails as a whole is tried session by session, so that one row fails for itself alone.
        state.rotations.insert(contentsOf: rotations.filter { !$0.isAlone }, at: 0)
        state.slow.insert(contentsOf: rotations.filter(\.isAlone), at: 0)
        state.tokens.insert(contentsOf: tokens, at: 0)
      case .slow(let rotations): state.slow.insert(contentsOf: rotations, at: 0)
      case .opening(let openings): state.openings.insert(contentsOf: openings, at: 0)
      case .single(let call): state.singles.insert(call, at: 0)
      }
    }
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

  /// Gives up what has waited too long, and wakes lanes for what the first one does not get to.
  ///
  /// - Returns: false once all lanes have ended.
  func tick() -> Bool {
    let (over, underWay, idle, why, isOver) = state.withLock { state in
      let now = ContinuousClock.now
      let queued = state.queued
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
    for call in over { call.giveUp(why ?? "the database did not get to the call in time") }
    for call in underWay {
      call.fail(.outcomeUnknown("the database did not answer in time; what was decided stays decided"))
    }
    for lane in idle { wakeUps[lane].post() }
    return !isOver
  }

  // MARK: - The end

  /// Lets no more calls in and waits until the lanes have done what was there.
  func close() async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        state.isClosing = true
        if state.lanes.allSatisfy(\.hasEnded) { return true }
        state.ended.append(continuation)
        return false
      }
      if isOver { return continuation.resume() }
      for wakeUp in wakeUps { wakeUp.post() }
    }
  }

  /// The lane's thread ends. The last one leaves nobody waiting.
  func noteEnd(lane: Int) {
    let (ended, left): ([CheckedContinuation<Void, Never>], [any LaneCall]) = state.withLock { state in
      state.lanes[lane].hasEnded = true
      guard state.lanes.allSatisfy(\.hasEnded) else { return ([], []) }
      defer { state.ended = [] }
      return (state.ended, state.queued)
    }
    for call in left { call.giveUp("the ledger was closed") }
    for continuation in ended { continuation.resume() }
  }
}
#endif
