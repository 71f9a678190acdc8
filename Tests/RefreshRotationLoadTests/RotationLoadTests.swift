import Synchronization
import Testing

@testable import RefreshRotationLoad

@Suite("A load") struct RotationLoadTests {
  private static func options() -> LoadOptions {
    var options = LoadOptions(sessions: 12, connections: 4, duration: .seconds(60), reuseRate: 0.05)
    options.race = 3
    options.raceRate = 0.05
    options.lossRate = 0.05
    return options
  }

  @Test("of a server that keeps the rules finds nothing, and has tried all of them")
  func clean() async throws {
    let report = try await LoadRun.after(requests: 400, Self.options(), ScriptedTarget(.none))
    #expect(report.invariantViolations == 0 && report.errors == 0, "\(report.violations)")
    #expect(report.rotations > 0 && report.rotations == report.series.rotations.reduce(0, +))
    let checks = report.checks
    #expect(checks.reuses > 0 && checks.reusesRefused == checks.reuses && checks.races > 0 && checks.lostReplies > 0)
    #expect(report.endedEarly == nil)
  }

  @Test("finds a server that grants consumed tokens again, by reuses, races and lost replies alike")
  func grantsAgain() async throws {
    for way in ["replay", "race", "retry"] {
      var options = Self.options()
      options.reuseRate = way == "replay" ? 0.1 : 0
      options.raceRate = way == "race" ? 0.1 : 0
      options.lossRate = way == "retry" ? 0.1 : 0
      let report = try await LoadRun.after(requests: 400, options, ScriptedTarget(.grantsAgain))
      #expect(report.invariantViolations > 0)
      #expect(report.violations.allSatisfy { $0.kind == .twoSuccessors && $0.evidence.contains("by a \(way)") })
    }
  }

  @Test("finds a server that refuses a token which it gave")
  func refuses() async throws {
    var options = Self.options()
    options.reuseRate = 0
    options.race = 1
    options.lossRate = 0
    let seen = Mutex(0)
    let report = try await LoadRun.after(
      requests: 400, options, ScriptedTarget(.refuses(every: 50)),
      LoadObserver(onViolation: { _ in seen.withLock { $0 += 1 } }))
    #expect(report.invariantViolations > 0 && seen.withLock { $0 } == report.violations.count)
    #expect(report.violations.allSatisfy { $0.kind == .acknowledgedRefused })
  }

  @Test("finds a server that does not rotate")
  func keepsToken() async throws {
    let report = try await LoadRun.after(requests: 50, Self.options(), ScriptedTarget(.keepsToken))
    #expect(report.violations.allSatisfy { $0.kind == .notRotated } && !report.violations.isEmpty)
  }

  @Test("counts 503 as overload, and takes no broken invariant from it")
  func overloaded() async throws {
    let report = try await LoadRun.after(requests: 8, Self.options(), ScriptedTarget(.overloaded))
    #expect(report.errorsByKind[ErrorKind.overloaded.rawValue] ?? 0 > 0)
    #expect(report.errorsByKind.count == 1 && report.rotations == 0 && report.invariantViolations == 0)
  }

  @Test("of a server that dies ends early, with what was measured until then")
  func dies() async throws {
    var options = Self.options()
    options.lossRate = 0
    let report = try await LoadRun.stepped(options, .dies(after: 200))
    #expect(report.endedEarly?.contains("has not answered since") == true)
    #expect(report.seconds < 30 && report.rotations > 0 && report.invariantViolations == 0)
    #expect(report.errorsByKind[ErrorKind.connection.rawValue] ?? 0 > 0)
  }

  @Test("ends when its task is cancelled, with what was measured until then")
  func cancelled() async throws {
    var options = Self.options()
    options.duration = .seconds(3600)
    let load = RotationLoad(options: options, target: ScriptedTarget(.none))
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let task = Task {
      try await load.run(LoadObserver(onProgress: { if $0.rotations > 0 { begin.yield() } }))
    }
    for await _ in begun { break }
    task.cancel()
    let report = try await task.value
    #expect(report.rotations > 0 && report.errors == 0 && report.invariantViolations == 0 && report.seconds < 3600)
  }

  @Test("of an open loop counts what waited behind a slow answer, and one of a closed loop cannot")
  func coordinatedOmission() async throws {
    var options = LoadOptions(sessions: 1, connections: 1, duration: .seconds(1), reuseRate: 0)
    options.rate = 200
    // One answer takes half of the second, in which a hundred others were due.
    let open = try await LoadRun.stepped(options, .stalls(every: 50, .milliseconds(300)))
    #expect(open.latencyMilliseconds.p50 > 20, "\(open.latencyMilliseconds)")
    let service = try #require(open.serviceMilliseconds)
    #expect(service.p50 < open.latencyMilliseconds.p50 && service.p90 < 100, "\(service)")
    #expect(open.options.loop == "open" && open.latenessMilliseconds != nil)
  }

  @Test("of an open loop asks at the rate and no faster")
  func rate() async throws {
    var options = LoadOptions(sessions: 8, connections: 8, duration: .seconds(1), reuseRate: 0)
    options.rate = 100
    let report = try await LoadRun.stepped(options, .none)
    #expect((90...100).contains(report.rotations), "\(report.rotations)")
  }

  @Test("with think time lets each session wait between its requests")
  func think() async throws {
    var options = LoadOptions(sessions: 10, connections: 2, duration: .seconds(1), reuseRate: 0)
    options.think = .milliseconds(300)
    let report = try await LoadRun.stepped(options, .none)
    #expect((10...40).contains(report.rotations), "\(report.rotations)")
  }
}

@Suite("The schedule of an open loop") struct ArrivalScheduleTests {
  @Test("spaces requests evenly at the rate")
  func even() {
    let schedule = ArrivalSchedule(rate: 200, rampUp: .zero)
    for index in [0, 1, 7, 1000, 123_456] {
      #expect(abs(schedule.due(index).inSeconds - Double(index) / 200) < 1e-6)
    }
  }

  @Test("grows from nothing to the rate in the ramp, with half of the requests that the rate would make there")
  func ramp() {
    let schedule = ArrivalSchedule(rate: 100, rampUp: .seconds(10))
    let times = (0..<2000).map { schedule.due($0).inSeconds }
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
    #expect(times.count { $0 < 10 } == 500)
    // A quarter of them in the first half of the ramp.
    #expect(times.count { $0 < 5 } == 125)
    #expect(times.count { $0 >= 10 && $0 < 11 } == 100)
  }
}
