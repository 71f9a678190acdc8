#if Postgres
internal import LedgerTesting
internal import TokenLedger
internal import TokenLedgerPostgres

/// What goes on from call to call on one ledger in a database: its history as callers of all its instances saw it, and
/// what they know.
actor DatabaseWorld {
  let clock: ManualClock?
  let plan: SimulationPlan
  let subjectsAreCapped: Bool
  let oracle: HistoryOracle
  var random: SeededGenerator
  var tally = ProofTally()
  /// By session: as of the newest answer, and for how long its predecessor is answered.
  var newest: [Session] = []
  var newestGraces: [Int64] = []
  /// By session: a caller was told that it has ended.
  var hasEnded: [Bool] = []
  /// Sessions that were opened perhaps, and of which nobody knows.
  var unknownOpenings = 0
  private let traces: Bool
  private(set) var lines: [String] = []

  /// Creates a world; `clock` is that of all instances, or nil for the machine's, which is also the database's.
  init(seed: UInt64, clock: ManualClock?, capsSubjects: Bool? = nil, traces: Bool) {
    oracle = Self.oracle(clock)
    (self.clock, self.traces) = (clock, traces)
    var generator = SeededGenerator(seed: seed)
    let plan = SimulationPlan(using: &generator)
    (self.plan, random) = (plan, generator)
    subjectsAreCapped = capsSubjects ?? (plan.sessionsPerSubjectMax > 0)
  }

  private static func oracle(_ clock: ManualClock?) -> HistoryOracle {
    let oracle = HistoryOracle()
    oracle.bounds.beginProcess()
    oracle.endsSubjectsOneByOne = true
    noteTime(clock, oracle)
    return oracle
  }

  /// Both clocks are one: they are read on the machine whose clock the database has.
  func noteTime() { Self.noteTime(clock, oracle) }

  private static func noteTime(_ clock: ManualClock?, _ oracle: HistoryOracle) {
    let wall = clock?.now.milliseconds ?? SessionClock.system.now().milliseconds
    oracle.noteTime(wall: wall, boot: clock?.bootMilliseconds ?? wall)
  }

  func pass(milliseconds: Int64) {
    clock?.advance(milliseconds: milliseconds)
    noteTime()
  }

  // MARK: - Words

  func trace(_ line: @autoclosure () -> String) {
    if traces { lines.append(line()) }
  }

  func note(_ verdict: String) {
    trace("  \(verdict)")
    tally.add(verdict)
  }

  func violate(_ what: String, _ evidence: [String] = []) {
    trace("  violation: \(what)")
    oracle.violate(what, evidence)
  }

  func expect(_ isSo: Bool, _ what: @autoclosure () -> String, _ evidence: [String] = []) {
    if !isSo { violate(what(), evidence) }
  }

  var violations: [(what: String, evidence: [String])] { oracle.violations }

  // MARK: - Calls

  /// An answer, and whether the ledger possibly tried the call twice for it.
  struct Answer<Value: Sendable>: Sendable {
    let value: Value
    let mayBeRetried: Bool
  }

  /// Returns the answer to a call, or nil if it was given up, which is a violation if it had no cause.
  ///
  /// `mayLose` is true if what the call made can have ended before a retry finds it. `withdraw` takes back what was
  /// asked, of a call that has changed nothing.
  func answered<Value: Sendable>(
    _ what: String, at instance: ProofInstance, mayLose: Bool = false, withdraw: () -> Void = {},
    _ call: () async throws(LedgerError) -> Value
  ) async -> Answer<Value>? {
    let past = instance.past
    do throws(LedgerError) {
      let value = try await call()
      noteTime()
      return Answer(value: value, mayBeRetried: instance.mayHaveRetried(since: past))
    } catch {
      noteTime()
      trace("  \(what) failed: \(error)")
      switch error {
      case .unavailable, .overloaded:
        withdraw()
        tally.add("calls that were refused, with nothing done")
      case .outcomeUnknown: tally.add("calls whose outcome is unknown")
      default: violate("\(what) fails for a reason of its own: \(error)")
      }
      let isExcused = instance.mayGiveUp(since: past) || mayLose && instance.mayHaveRetried(since: past)
      if !isExcused { violate("\(what) was given up without a cause: \(error)") }
      await waitForRecovery(of: instance, after: what)
      return nil
    }
  }

  /// Waits until an instance answers again, by itself.
  private func waitForRecovery(of instance: ProofInstance, after what: String) async {
    let deadline = ContinuousClock.now + .seconds(30)
    while await !instance.answers() {
      guard ContinuousClock.now < deadline else { return violate("the instance does not go on after \(what)") }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// The answer to a call that no history is kept of.
  func perform<Value: Sendable>(
    _ what: String, at instance: ProofInstance, _ call: @Sendable () async throws(LedgerError) -> Value
  ) async -> Value? {
    let answer = await answered(what, at: instance, call)
    if answer != nil { note(what) }
    return answer?.value
  }

  func ask(_ number: Int, _ action: TimedCall.Action) -> HistoryOracle.Question {
    noteTime()
    return oracle.ask(.session(number), action)
  }

  /// Judges what was answered so far, while nothing goes on.
  func judge() { oracle.endLife(.all) }
}
#endif
