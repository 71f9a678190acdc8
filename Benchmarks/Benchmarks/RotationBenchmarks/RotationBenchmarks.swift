import Benchmark
import TokenEngine
import TokenLedger

/// The steps of a rotation one by one, in memory: what is left when the disk costs nothing.
let benchmarks: @Sendable () -> Void = {
  let metrics: [BenchmarkMetric] = [.wallClock, .cpuUser, .throughput]
  let configuration = Benchmark.Configuration(metrics: metrics, scalingFactor: .kilo, maxDuration: .seconds(3))

  for count in [10_000, 1_000_000] {
    Benchmark("ledger: rotate, \(count) sessions", configuration: configuration) { benchmark in
      let (ledger, tokens) = try await openLedger(sessions: count)
      var position = 0
      var generation: UInt32 = 0
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations {
        let token = TokenID(session: tokens[position], generation: generation)
        blackHole(try await ledger.rotate(RotationRequest(token: token, client: "web")))
        position += 7919
        if position >= count {
          position -= count
          if position == 0 { generation += 1 }
        }
      }
      benchmark.stopMeasurement()
    }
  }

  Benchmark("engine: refresh (verify, rotate, sign two)", configuration: configuration) { benchmark in
    let engine = try RotationEngine.inMemory()
    let client = Client(id: "web", isPublic: true)
    var token = try await engine.openSession(subject: "ann", client: Client(id: "web", isPublic: true), scopes: .none)
      .refreshToken
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      guard case .granted(let pair) = try await engine.refresh(token, client: client) else {
        return benchmark.error("a live token was refused")
      }
      token = pair.refreshToken
    }
    benchmark.stopMeasurement()
  }

  Benchmark("engine: verify an access token", configuration: configuration) { benchmark in
    let engine = try RotationEngine.inMemory()
    let token = try await engine.openSession(subject: "ann", client: Client(id: "web", isPublic: true), scopes: .none)
      .accessToken
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(try engine.verify(token)) }
    benchmark.stopMeasurement()
  }
}

/// A ledger in memory with so many sessions, and their ids.
private func openLedger(sessions count: Int) async throws -> (RefreshLedger, [SessionID]) {
  guard let lifetimes = Lifetimes(idleMilliseconds: 86_400_000, absoluteMilliseconds: 86_400_000) else {
    preconditionFailure("a day is a lifetime")
  }
  let ledger = RefreshLedger.inMemory()
  let grant = SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes)
  var ids: [SessionID] = []
  ids.reserveCapacity(count)
  for _ in 0..<count { ids.append(try await ledger.open(grant).id) }
  return (ledger, ids)
}
