import Benchmark
import BenchmarkFixtures
import TokenEngine

/// One access token, by algorithm, through the engine: the grant client_credentials has no ledger's step and no refresh
/// token.
let benchmarks: @Sendable () -> Void = {
  let algorithms: [@Sendable (inout EngineOptions) -> Void] = [
    { $0.algorithm = .hs256 }, { $0.algorithm = .es256 }, { $0.algorithm = .edDSA }, { $0.algorithm = .rs256 },
    { $0.algorithm = .ps256 },
  ]
  let client = Client(id: "service", isPublic: false, scopes: EngineCallers.scopes, grants: [.clientCredentials])

  for choose in algorithms {
    var changed = EngineOptions()
    choose(&changed)
    let options = changed
    let name = options.algorithm.rawValue
    Benchmark("sign, \(name)", configuration: Measuring.thousands) { benchmark, engine in
      for _ in benchmark.scaledIterations { blackHole(try await engine.clientToken(for: client)) }
    } setup: {
      try RotationEngine.inMemory(options: options)
    }

    Benchmark("verify, \(name)", configuration: Measuring.thousands) { benchmark, issued in
      for _ in benchmark.scaledIterations { blackHole(try issued.engine.verify(issued.token)) }
    } setup: {
      try await IssuedToken(of: RotationEngine.inMemory(options: options))
    }
  }
}
