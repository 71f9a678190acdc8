import Benchmark
import BenchmarkFixtures
import SystemPackage
import TokenLedger

/// A start: lock, read, check, fold, sync, close.
let benchmarks: @Sendable () -> Void = {
  func filledFolder(_ sessions: Int, rotations: Int, checkpoint: Bool) async throws -> FilePath {
    let folder = FilePath(try Measuring.makeFolder())
    let ledger = try await RefreshLedger.open(folder: folder, options: LedgerOptions(durability: .none)).ledger
    try await LiveSessions(sessions, in: ledger).rotate(rotations, batch: 1000)
    if checkpoint { try await ledger.checkpoint() }
    try await ledger.close()
    return folder
  }

  func logged(_ sessions: Int) async throws -> LiveSessions {
    let folder = FilePath(try Measuring.makeFolder())
    let ledger = try await RefreshLedger.open(folder: folder, options: LedgerOptions(durability: .none)).ledger
    return try await LiveSessions(sessions, in: ledger)
  }

  for (sessions, rotations) in [(100_000, 1_000_000), (1_000_000, 4_000_000)] {
    Benchmark("open a log of \(sessions) openings and \(rotations) rotations", configuration: Measuring.single) {
      _, folder in
      try await RefreshLedger.open(folder: folder).ledger.close()
    } setup: {
      try await filledFolder(sessions, rotations: rotations, checkpoint: false)
    } teardown: {
      Measuring.removeFolders()
    }
  }

  for sessions in Measuring.sessionCounts where sessions > 10_000 {
    Benchmark("open a checkpoint of \(sessions) sessions", configuration: Measuring.single) { _, folder in
      try await RefreshLedger.open(folder: folder).ledger.close()
    } setup: {
      try await filledFolder(sessions, rotations: 1000, checkpoint: true)
    } teardown: {
      Measuring.removeFolders()
    }

    Benchmark("write a checkpoint of \(sessions) sessions", configuration: Measuring.single) { _, live in
      // Without a change there is nothing to write.
      try await live.rotate(1)
      guard let report = try await live.ledger.checkpoint(), report.entries == sessions else {
        throw UnexpectedOutcome("the checkpoint does not hold all sessions")
      }
    } setup: {
      try await logged(sessions)
    } teardown: {
      Measuring.removeFolders()
    }
  }
}
