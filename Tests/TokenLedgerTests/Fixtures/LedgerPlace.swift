import Foundation
import LedgerTesting
import SystemPackage
import TokenLedger

/// Where a ledger is opened again and again.
struct LedgerPlace {
  let folder: TemporaryFolder
  let clock = ManualClock()

  init() throws {
    folder = try TemporaryFolder()
  }

  func open(seed: UInt64 = 3) async throws -> RefreshLedger {
    try await RefreshLedger.open(
      folder: folder.path, options: LedgerOptions(durability: .none, segmentBytesMax: 64 << 10),
      clock: clock.sessionClock, random: SeededGenerator(seed: seed)
    ).ledger
  }
}

/// A folder of its own for one test, removed with it.
final class TemporaryFolder: Sendable {
  let path: FilePath

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("ledger-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    path = FilePath(url.path)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path.string)
  }
}
