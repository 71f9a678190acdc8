import Benchmark
import Foundation
import Synchronization

/// What every suite measures: one unit is one operation, also in a batch.
public enum Measuring {
  public static let metrics: [BenchmarkMetric] = [.wallClock, .cpuTotal, .throughput]

  /// Time is per thousand.
  public static var thousands: Benchmark.Configuration {
    Benchmark.Configuration(metrics: metrics, warmupIterations: 2, scalingFactor: .kilo, maxDuration: .seconds(1))
  }

  /// For what takes milliseconds and more.
  public static var single: Benchmark.Configuration {
    Benchmark.Configuration(
      metrics: metrics + [.peakMemoryResident], warmupIterations: 1, maxDuration: .seconds(5), maxIterations: 5)
  }

  /// 10^4 to 10^6 live sessions; with REFRESH_LEDGER_BENCHMARK_LARGE also 10^7, which takes a gigabyte.
  public static let sessionCounts =
    ProcessInfo.processInfo.environment["REFRESH_LEDGER_BENCHMARK_LARGE"] == nil
    ? [10_000, 100_000, 1_000_000] : [10_000, 100_000, 1_000_000, 10_000_000]

  /// A new folder for a log, on the disk of the system's temporary folder or where TMPDIR says.
  public static func makeFolder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "refresh-ledger-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    folders.withLock { $0.append(folder) }
    return folder.path
  }

  /// Removes what ``makeFolder()`` made.
  public static func removeFolders() {
    for folder in folders.withLock({ $0 }) { try? FileManager.default.removeItem(at: folder) }
  }

  private static let folders = Mutex<[URL]>([])
}
