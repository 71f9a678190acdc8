import Benchmark
import BenchmarkFixtures
import SystemPackage
import TokenLedger

/// Rotations into a log on disk.
let benchmarks: @Sendable () -> Void = {
  let durabilities: [(name: String, options: LedgerOptions)] = [
    ("always", LedgerOptions(durability: .always)),
    ("interval of 10 ms", LedgerOptions(durability: .interval(.milliseconds(10)))),
    ("none", LedgerOptions(durability: .none)),
  ]
  func sessions(_ options: LedgerOptions) async throws -> LiveSessions {
    let folder = FilePath(try Measuring.makeFolder())
    return try await LiveSessions(100_000, in: RefreshLedger.open(folder: folder, options: options).ledger)
  }
  for (name, options) in durabilities {
    for callers in [1, 16, 64, 512] {
      Benchmark("rotate, durability \(name), \(callers) callers", configuration: Measuring.thousands) {
        benchmark, sessions in
        try await sessions.rotate(benchmark.scaledIterations.count, callers: callers)
      } setup: {
        try await sessions(options)
      } teardown: {
        Measuring.removeFolders()
      }
    }
    for batch in [10, 100, 1000] {
      Benchmark("rotate, durability \(name), batches of \(batch)", configuration: Measuring.thousands) {
        benchmark, sessions in
        try await sessions.rotate(benchmark.scaledIterations.count, batch: batch)
      } setup: {
        try await sessions(options)
      } teardown: {
        Measuring.removeFolders()
      }
    }
  }
}
