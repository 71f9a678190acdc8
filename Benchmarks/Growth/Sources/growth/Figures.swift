import Foundation

/// What one run showed; the three latencies are p50, p99 and the slowest, in microseconds.
struct Figures: Codable, Sendable {
  var sessions = 0
  var sessionsPerSubject = 0
  var bytesPerSession = 0.0
  var batchNanoseconds: [Int: Double] = [:]
  var logBytesPerRotation: [Int: Double] = [:]
  var quiet: [Double] = []
  var checkpointSeconds = 0.0
  var duringCheckpoint: [Double] = []
  var revokeMilliseconds = 0.0
  var revokeSweptSeconds = 0.0
  var duringRevocation: [Double] = []
  var expirySeconds = 0.0
  var duringExpiry: [Double] = []
  var checkpointReadSeconds = 0.0
  var events = 0
  var eventsPerSecond = 0.0
  var residentBytesAtEnd = 0
}

/// The memory of this process.
enum Resident {
  static var bytes: Int {
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
    return pages.flatMap { $0.count > 1 ? Int($0[1]) : nil }.map { $0 * 4096 } ?? 0
  }
}
