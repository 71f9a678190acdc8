import Glibc
import LedgerProof
import Synchronization

/// Shows how far a run has come: one line that is written over on a terminal, else a plain line every ten seconds.
final class ProgressLine: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let shownAt = Mutex(Duration.zero)
  private let name: String

  init(_ name: String) {
    self.name = name
  }

  func show(_ progress: ProofRun.Progress) {
    let interval: Duration = isTerminal ? .milliseconds(200) : .seconds(10)
    let isDue = shownAt.withLock { shownAt in
      guard progress.elapsed - shownAt >= interval else { return false }
      shownAt = progress.elapsed
      return true
    }
    guard isDue else { return }
    let share = progress.total > 0 ? progress.done * 100 / progress.total : 100
    let text =
      "\(name): \(progress.done) of \(progress.total) (\(share) %), \(Int(progress.casesPerSecond)) a second, "
      + "\(Self.text(seconds: progress.secondsLeft)) left, \(progress.violations) violations"
    StandardError.write(isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
  }

  func clear() {
    if isTerminal { StandardError.write("\r\u{1B}[K") }
  }

  static func text(seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(.up), 1e9))
    return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }
}

enum StandardError {
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
