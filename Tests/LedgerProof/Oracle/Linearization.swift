/// The state of one session or token as a program would keep it that answers one call after another.
protocol SequentialState: Hashable {
  associatedtype Facts

  /// The states that this call, with the answer that it got, may lead to; empty if it cannot be answered so.
  func states(after call: TimedCall, _ facts: Facts) -> [Self]

  /// Other states that this call may have led to, whatever its answer would have been.
  func states(ifApplied call: TimedCall, _ facts: Facts) -> [Self]

  /// What may be found after the end of the life: the state, and without what nobody waited for.
  var afterRestart: [Self] { get }

  /// What is left if its making was lost.
  var neverMade: Self { get }
}

/// What the end of a life leaves of what was answered in it; of calls without an answer it may leave any part.
enum Survival {
  /// All of it, on the disk.
  case all
  /// All of it, but some of it only in the memory of the system.
  case allInMemory
  /// What was last known to be on the disk, and any first part of what came after it.
  case anyPrefix
}

/// A set of calls that cannot be put into an order.
struct Contradiction {
  let call: TimedCall
  /// What the state could have been before it.
  let states: [String]
}

/// Checks that the answered calls of a history can be put into an order, each between its question and its answer, in
/// which one program that answers them one after another gives these answers.
///
/// It keeps all states that such orders could have led to. Without one left, somebody was told something that
/// contradicts what somebody was told before.
struct Linearization<State: SequentialState> {
  private struct Configuration: Hashable {
    var state: State
    /// The calls of this life that were applied, a bit each.
    var applied: UInt64
  }

  let facts: State.Facts
  /// What the state may be now.
  private(set) var states: [State]
  /// All that it may have been since it was last known to be durable.
  private var sinceDurable: [State]
  /// Of this life, in the order of their questions.
  private(set) var calls: [TimedCall] = []
  /// Of earlier lives, for a reader.
  private(set) var earlier: [TimedCall] = []
  private var answers: [Int] = []

  /// More calls in one life would not fit the set of applied ones.
  static var callsMax: Int { UInt64.bitWidth }

  init(_ state: State, _ facts: State.Facts) {
    self.facts = facts
    states = [state]
    sinceDurable = [state.neverMade]
  }

  var isFull: Bool { !hasRoom(for: 1) }

  func hasRoom(for count: Int) -> Bool { calls.count + count <= Self.callsMax }

  /// Questions that wait for an answer.
  var openCount: Int { calls.count { $0.outcome == nil && $0.invoked != .max } }

  mutating func ask(_ call: TimedCall) -> Int {
    calls.append(call)
    return calls.count - 1
  }

  /// The ledger possibly tried the call again, and answered for the last try.
  mutating func noteTries(_ index: Int, latest: Int64) {
    calls[index].tries = .again
    var first = calls[index]
    (first.tries, first.latest) = (.first, latest)
    calls.append(first)
  }

  mutating func answer(_ index: Int, _ outcome: TimedCall.Outcome, at event: Int, earliest: Int64, latest: Int64) {
    calls[index].outcome = outcome
    calls[index].answered = event
    calls[index].earliest = earliest
    calls[index].latest = latest
    answers.append(index)
  }

  /// Takes a question back that was refused before it could have any effect.
  mutating func withdraw(_ index: Int) {
    calls[index].invoked = .max
  }

  /// Bounds the times of questions that got no answer.
  mutating func boundUnanswered(_ lowestTime: (_ since: Int) -> Int64, _ highestTime: Int64) {
    guard answers.count < calls.count else { return }
    for index in calls.indices where calls[index].outcome == nil && calls[index].invoked != .max {
      calls[index].earliest = max(calls[index].earliest, lowestTime(calls[index].invoked))
      calls[index].latest = highestTime
    }
  }

  /// What was answered so far is durable, whatever the durability.
  mutating func noteDurable() {
    sinceDurable = states
  }

  /// Checks the answers of the life that ends, and works out what the next one may find.
  mutating func endLife(_ survival: Survival) -> Contradiction? {
    defer {
      earlier += calls
      calls.removeAll(keepingCapacity: true)
      answers.removeAll(keepingCapacity: true)
    }
    var configurations = Set(states.map { Configuration(state: $0, applied: 0) })
    var seen = Set(states)
    for index in answers {
      let before = configurations
      configurations = applying(index, to: configurations, &seen)
      if configurations.isEmpty {
        states = Array(Set(before.map(\.state)))
        return Contradiction(call: calls[index], states: states.map { "\($0)" })
      }
    }
    let ends = Set(applyingUnanswered(to: configurations).flatMap(\.afterRestart))
    states = Array(ends)
    switch survival {
    case .all: sinceDurable = states
    case .allInMemory: sinceDurable = Array(ends.union(seen.flatMap(\.afterRestart)).union(sinceDurable))
    case .anyPrefix:
      states = Array(ends.union(seen.flatMap(\.afterRestart)).union(sinceDurable))
      sinceDurable = states
    }
    return nil
  }

  /// The configurations in which the answered call is applied, after any of those that were asked before its answer.
  private func applying(
    _ index: Int, to start: Set<Configuration>, _ seen: inout Set<State>
  ) -> Set<Configuration> {
    let bit: UInt64 = 1 << UInt64(index)
    let answered = calls[index].answered ?? .max
    var found: Set<Configuration> = []
    var visited: Set<Configuration> = []
    var work: [Configuration] = []
    for configuration in start {
      if configuration.applied & bit != 0 { found.insert(configuration) } else { work.append(configuration) }
    }
    while let configuration = work.popLast() {
      let direct = configuration.state.states(after: calls[index], facts)
      for state in direct {
        seen.insert(state)
        found.insert(Configuration(state: state, applied: configuration.applied | bit))
      }
      // An answer that is right now and changes nothing may as well be given now; but `done` says nothing, and what is
      // done may change something after another call.
      if calls[index].outcome != .done, direct.count == 1, direct[0] == configuration.state { continue }
      for other in calls.indices where other != index && calls[other].invoked < answered {
        let otherBit: UInt64 = 1 << UInt64(other)
        guard configuration.applied & otherBit == 0 else { continue }
        for state in next(configuration.state, other) {
          seen.insert(state)
          let reached = Configuration(state: state, applied: configuration.applied | otherBit)
          if visited.insert(reached).inserted { work.append(reached) }
        }
      }
    }
    return found
  }

  private func next(_ state: State, _ index: Int) -> [State] {
    calls[index].outcome == nil
      ? state.states(ifApplied: calls[index], facts) : state.states(after: calls[index], facts)
  }

  /// What is left when each call without an answer was applied or not, in any order.
  private func applyingUnanswered(to configurations: Set<Configuration>) -> Set<State> {
    let open = calls.indices.filter { calls[$0].outcome == nil && calls[$0].invoked != .max }
    var ends = Set(configurations.map(\.state))
    guard !open.isEmpty else { return ends }
    var visited = configurations
    var work = Array(configurations)
    while let configuration = work.popLast() {
      for index in open where configuration.applied & (1 << UInt64(index)) == 0 {
        for state in configuration.state.states(ifApplied: calls[index], facts) {
          ends.insert(state)
          let reached = Configuration(state: state, applied: configuration.applied | (1 << UInt64(index)))
          if visited.insert(reached).inserted { work.append(reached) }
        }
      }
    }
    return ends
  }
}
