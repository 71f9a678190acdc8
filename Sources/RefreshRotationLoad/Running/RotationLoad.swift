/// A load of refresh rotations, in which each reply is used for the next request and checked.
public struct RotationLoad: Sendable {
  private let options: LoadOptions
  private let target: any RotationTarget
  private let clock: any Clock<Duration>

  /// The time of silence, with errors, after which a server counts as dead.
  private static let silenceMax = Duration.seconds(5)
  private static let lookInterval = Duration.milliseconds(250)

  public init(options: LoadOptions, target: any RotationTarget) {
    self.init(options: options, target: target, clock: ContinuousClock())
  }

  init(options: LoadOptions, target: any RotationTarget, clock: any Clock<Duration>) {
    self.options = options
    self.target = target
    self.clock = clock
  }

  private enum Ending: Sendable {
    case over
    case early(String)
    case served
  }

  /// Opens the sessions, rotates until the duration is over, and reports.
  ///
  /// If the target dies during the run, the load ends early and the report says so. Cancelling the task ends the load
  /// early too.
  ///
  /// - Parameter observer: The closures that are called with the progress.
  /// - Returns: The report on what was measured until the end.
  /// - Throws: `TargetError` only if the sessions cannot be opened.
  public func run(_ observer: LoadObserver = LoadObserver()) async throws(TargetError) -> LoadReport {
    let (options, target) = (options, target)
    let tokens = try await SessionOpening(target: target, count: options.sessions, callers: options.connections).open {
      observer.onOpened($0, options.sessions)
    }
    let collector = LoadCollector(intervalLength: LoadInterval.length(for: options.duration))
    let context = CallerContext(
      options: options, target: target, clock: LoadClock(clock), collector: collector, supply: SessionSupply(target),
      onViolation: observer.onViolation)
    let ending = await withTaskGroup(of: Ending.self) { group in
      group.addTask {
        await context.supply.serve()
        return .served
      }
      // The watch starts before the callers, since there can be many.
      group.addTask(priority: .high) { await Self.watch(context, observer) }
      group.addTask {
        await Self.call(context, tokens)
        return .over
      }
      var ending = Ending.served
      while case .served = ending, let next = await group.next() { ending = next }
      group.cancelAll()
      // The counts that the callers hand on at their end are included.
      for await _ in group {}
      return ending
    }
    let elapsed = context.clock.now
    return collector.read { state in
      var report = LoadReport(
        state, options: options, server: target.name, elapsed: elapsed, intervalLength: collector.intervalLength)
      report.sessionsOpened = options.sessions + context.supply.openedCount
      if case .early(let reason) = ending { report.endedEarly = reason }
      return report
    }
  }

  private static func call(_ context: CallerContext, _ tokens: [IssuedToken]) async {
    let callers = context.options.connections
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<callers {
        let share = stride(from: index, to: tokens.count, by: callers).map { tokens[$0] }
        group.addTask {
          var caller = Caller(index, tokens: share, context: context)
          await caller.run()
        }
      }
    }
  }

  /// Reports the progress to the observer until the load is over, and notices if the server has died.
  private static func watch(_ context: CallerContext, _ observer: LoadObserver) async -> Ending {
    let (collector, clock) = (context.collector, context.clock)
    var (errorsBefore, lastSeen) = (0, Duration.zero)
    while !Task.isCancelled {
      await clock.sleep(for: lookInterval)
      let now = clock.now
      count(context.supply.takeFailures(), in: collector, at: now)
      let (last, silences) = collector.read { state in
        (state.total.lastAnswer, state.total.errors.reduce(0) { $0 + ($1.key.isSilence ? $1.value : 0) })
      }
      observer.onProgress(
        collector.read {
          LoadProgress($0, elapsed: now, options: context.options, intervalLength: collector.intervalLength)
        })
      if last != lastSeen { (errorsBefore, lastSeen) = (silences, last) }
      if silences > errorsBefore, now - last > silenceMax {
        return .early("the server has not answered since second \(seconds(last)); see that it runs and begin again")
      }
      if context.supply.isExhausted, now - last > silenceMax {
        return .early("no session is left, and there are no further refresh tokens to start one with; give more")
      }
    }
    return .served
  }

  private static func seconds(_ time: Duration) -> Double { Double(Int(time.inSeconds * 10)) / 10 }

  private static func count(_ failures: [TargetError], in collector: LoadCollector, at now: Duration) {
    guard !failures.isEmpty else { return }
    var tally = Tally()
    for failure in failures { tally.count(failure) }
    collector.add(
      tally, interval: Int(now / collector.intervalLength), latencies: [], services: [], lateness: [])
  }
}
