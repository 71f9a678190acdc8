#if Postgres
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

/// The calls that wait for a lane, by the kind of step that they go in.
struct LaneBacklog: Sendable {
  private var rotations: [RotationCall] = []
  private var tokens: [AccessCall] = []
  private var slow: [RotationCall] = []
  private var openings: [OpeningCall] = []
  private var singles: [StepCall] = []

  private static let slowRotationsMax = 64
  private static let openingsMax = 256

  var count: Int { fastCount + slow.count + openings.count + singles.count }
  /// The number of those that go in fast steps.
  var fastCount: Int { rotations.count + tokens.count }

  /// True if there is something that goes in no fast step.
  var hasOther: Bool { count > fastCount }

  var calls: [any LaneCall] { rotations as [any LaneCall] + tokens + slow + openings + singles.map(\.call) }

  // MARK: - Coming

  mutating func append(_ call: RotationCall) { rotations.append(call) }
  mutating func append(_ call: AccessCall) { tokens.append(call) }
  mutating func append(_ call: OpeningCall) { openings.append(call) }
  mutating func append(_ step: StepCall) { singles.append(step) }
  /// Takes what a fast step left.
  mutating func append(slow calls: [RotationCall]) { slow += calls }

  /// Takes back what a step did not settle, before what came later.
  mutating func putBack(_ step: LaneStep) {
    switch step {
    case .fast(let rotations, let tokens):
      // A fast step that fails as a whole is tried session by session, so that one row fails for itself alone.
      self.rotations.insert(contentsOf: rotations.filter { !$0.isAlone }, at: 0)
      slow.insert(contentsOf: rotations.filter(\.isAlone), at: 0)
      self.tokens.insert(contentsOf: tokens, at: 0)
    case .slow(let rotations): slow.insert(contentsOf: rotations, at: 0)
    case .opening(let openings): self.openings.insert(contentsOf: openings, at: 0)
    case .single(let call): singles.insert(call, at: 0)
    }
  }

  // MARK: - Going

  /// All rotations and client tokens that can go together now.
  mutating func takeFast() -> LaneStep? {
    guard fastCount > 0 else { return nil }
    var (taken, left): ([RotationCall], [RotationCall]) = ([], [])
    var sessions: Set<SessionID> = []
    for call in rotations {
      if call.isSettled { continue }
      guard taken.count < FastRotation.requestsMax else {
        left.append(call)
        continue
      }
      // Of one session one: what the others meet is the slow step's to say, for many of them at once.
      if sessions.insert(call.request.token.session).inserted { taken.append(call) } else { slow.append(call) }
    }
    rotations = left
    let tokens = tokens.filter { !$0.isSettled }
    self.tokens = []
    guard !taken.isEmpty || !tokens.isEmpty else { return nil }
    return .fast(taken.sorted { $0.request.token.session < $1.request.token.session }, tokens)
  }

  /// Takes what goes in no fast step, if there is something; if `prefersSingles`, what goes by itself comes before
  /// rotations and openings, and else after them.
  mutating func takeOther(prefersSingles: Bool) -> LaneStep? {
    singles.removeAll { $0.call.isSettled }
    if prefersSingles, !singles.isEmpty { return .single(singles.removeFirst()) }
    slow.removeAll(where: \.isSettled)
    if !slow.isEmpty { return .slow(Self.takeTogether(&slow, max: Self.slowRotationsMax) { _ in 1 }) }
    openings.removeAll(where: \.isSettled)
    if !openings.isEmpty {
      return .opening(Self.takeTogether(&openings, max: Self.openingsMax, size: \.request.count))
    }
    return singles.isEmpty ? nil : .single(singles.removeFirst())
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
}
#endif
