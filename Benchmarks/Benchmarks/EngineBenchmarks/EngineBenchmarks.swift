import Benchmark
import BenchmarkFixtures
import SystemPackage
import TokenEngine

/// The whole of a grant but HTTP: verify, decide, write, sign.
///
/// The tokens are signed with HS256.
let benchmarks: @Sendable () -> Void = {
  for callers in [1, 16, 64, 512] {
    Benchmark("refresh, in memory, \(callers) callers", configuration: Measuring.thousands) { benchmark, state in
      try await state.refresh(benchmark.scaledIterations.count, callers: callers)
    } setup: {
      try await EngineCallers(sessions: callers, of: .inMemory())
    }

    Benchmark("refresh, durable, \(callers) callers", configuration: Measuring.thousands) { benchmark, state in
      try await state.refresh(benchmark.scaledIterations.count, callers: callers)
    } setup: {
      try await EngineCallers(sessions: callers, of: .open(folder: FilePath(Measuring.makeFolder())))
    } teardown: {
      Measuring.removeFolders()
    }
  }

  for batch in [10, 100, 1000] {
    Benchmark("refresh, durable, batches of \(batch)", configuration: Measuring.thousands) { benchmark, state in
      for _ in 0..<(benchmark.scaledIterations.count / batch) { try await state.refresh(batch: batch) }
    } setup: {
      try await EngineCallers(sessions: batch, of: .open(folder: FilePath(Measuring.makeFolder())))
    } teardown: {
      Measuring.removeFolders()
    }
  }

  Benchmark("open a session, in memory", configuration: Measuring.thousands) { benchmark, engine in
    for _ in benchmark.scaledIterations {
      blackHole(
        try await engine.openUncheckedSession(
          subject: "ann", client: EngineCallers.client, scopes: EngineCallers.scopes))
    }
  } setup: {
    try RotationEngine.inMemory()
  }

  Benchmark("client credentials", configuration: Measuring.thousands) { benchmark, engine in
    let client = Client(id: "service", isPublic: false, scopes: EngineCallers.scopes, grants: [.clientCredentials])
    for _ in benchmark.scaledIterations { blackHole(try await engine.clientToken(for: client)) }
  } setup: {
    try RotationEngine.inMemory()
  }

  Benchmark("issue and consume a one-time token, in memory", configuration: Measuring.thousands) { benchmark, engine in
    for _ in benchmark.scaledIterations {
      let token = try await engine.issueOneTimeToken(purpose: "reset", subject: "ann", lifetime: .seconds(60))
      blackHole(try await engine.consumeOneTimeToken(token.text, purpose: "reset"))
    }
  } setup: {
    try RotationEngine.inMemory()
  }

  Benchmark("verify an access token", configuration: Measuring.thousands) { benchmark, issued in
    for _ in benchmark.scaledIterations { blackHole(try issued.engine.verify(issued.token)) }
  } setup: {
    try await IssuedToken(of: RotationEngine.inMemory())
  }
}
