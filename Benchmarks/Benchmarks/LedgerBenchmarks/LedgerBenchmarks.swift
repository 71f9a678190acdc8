import Benchmark
import BenchmarkFixtures
import TokenLedger

/// The ledger without a disk.
let benchmarks: @Sendable () -> Void = {
  for count in Measuring.sessionCounts {
    for batch in [1, 10, 100, 1000] {
      Benchmark("rotate, \(count) live, batches of \(batch)", configuration: Measuring.thousands) {
        benchmark, sessions in
        try await sessions.rotate(benchmark.scaledIterations.count, batch: batch)
      } setup: {
        try await LiveSessions(count, in: .inMemory())
      }
    }
  }

  for callers in [16, 64, 512] {
    Benchmark("rotate, 100000 live, \(callers) callers", configuration: Measuring.thousands) { benchmark, sessions in
      try await sessions.rotate(benchmark.scaledIterations.count, callers: callers)
    } setup: {
      try await LiveSessions(100_000, in: .inMemory())
    }
  }

  Benchmark("open and revoke a session", configuration: Measuring.thousands) { benchmark, ledger in
    for number in benchmark.scaledIterations {
      let session = try await ledger.open(.ofSubject(number))
      guard try await ledger.revoke(session.id) else { throw UnexpectedOutcome("an open session was not revoked") }
    }
  } setup: {
    RefreshLedger.inMemory()
  }

  Benchmark("issue and consume a one-time token", configuration: Measuring.thousands) { benchmark, ledger in
    let grant = OneTimeGrant(purpose: "reset", subject: "ann", lifetimeMilliseconds: 60_000)
    for _ in benchmark.scaledIterations {
      blackHole(try await ledger.consume(ledger.issue(grant), purpose: "reset"))
    }
  } setup: {
    RefreshLedger.inMemory()
  }
}
