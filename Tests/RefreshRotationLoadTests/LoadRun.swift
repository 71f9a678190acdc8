import Synchronization
import TokenTestInputs

@testable import RefreshRotationLoad

/// Loads whose end is no matter of how fast the machine is.
enum LoadRun {
  /// Ends the load once it has made so many requests.
  static func after(
    requests: Int, _ options: LoadOptions, _ target: ScriptedTarget, _ observer: LoadObserver = LoadObserver()
  ) async throws -> LoadReport {
    var options = options
    options.duration = .seconds(3600)
    let load = RotationLoad(options: options, target: target)
    let task = Task { try await load.run(observer) }
    while target.rotations < requests { await Task.yield() }
    task.cancel()
    return try await task.value
  }

  /// All of the load on a clock that moves by a millisecond whenever all callers and the watch are at rest.
  static func stepped(_ options: LoadOptions, _ fault: ScriptedTarget.Fault) async throws -> LoadReport {
    let clock = ManualClock()
    let load = RotationLoad(
      options: options, target: ScriptedTarget(fault, clock: clock.stopwatch), clock: clock.stopwatch)
    let isOver = Atomic(false)
    async let report = {
      defer { isOver.store(true, ordering: .releasing) }
      return try await load.run()
    }()
    var turnsAtRest = 0
    while !isOver.load(ordering: .acquiring) {
      let sleepers = clock.sleeperCount
      await Task.yield()
      turnsAtRest = clock.sleeperCount == sleepers ? turnsAtRest + 1 : 0
      // A caller whose last request is over does not sleep any more: then what nobody has changed for long is at rest.
      if sleepers > options.connections || turnsAtRest > 500 {
        clock.advance(milliseconds: 1)
        turnsAtRest = 0
      }
    }
    return try await report
  }
}
