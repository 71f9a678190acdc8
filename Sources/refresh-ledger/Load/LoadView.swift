import RefreshRotationLoad
import Synchronization
import SystemPackage

/// A view of a running load: lines that are redrawn in place on a terminal, or a line now and then if the output is
/// piped.
final class LoadView: Sendable {
  private struct State: ~Copyable {
    var lines = LiveLines()
    var bar: ProgressBar?
    /// The time at which the next plain line is due.
    var nextLine: Duration
    var violationsShown = 0
  }

  private let title: String
  private let lineInterval: Duration
  private let state: Mutex<State>

  private static let violationsMax = 20
  private static let sparklineWidth = 40

  init(server: String, options: LoadOptions) {
    let loop = options.rate.map { "open loop at \(FigureText.short($0)) a second" } ?? "closed loop"
    title =
      "\(server): \(loop), \(FigureText.counted(options.connections, "connection")), \(FigureText.counted(options.sessions, "session"))"
    lineInterval = max(.seconds(1), options.duration / 20)
    state = Mutex(State(bar: ProgressBar(label: "opening sessions", unit: .things("sessions")), nextLine: lineInterval))
  }

  var observer: LoadObserver {
    LoadObserver(
      onOpened: { self.opened($0, of: $1) }, onProgress: { self.show($0) }, onViolation: { self.complain($0) })
  }

  /// Clears what was drawn.
  func end() {
    state.withLock { state in
      state.bar = nil
      state.lines?.clear()
      state.lines = nil
    }
  }

  private func opened(_ count: Int, of total: Int) {
    state.withLock { state in
      state.bar?.show(UInt64(count), of: UInt64(total))
      if count == total { state.bar = nil }
    }
  }

  private func show(_ progress: LoadProgress) {
    state.withLock { state in
      if state.lines != nil {
        state.lines?.show(block(progress))
      } else if progress.elapsed >= state.nextLine, progress.elapsed < progress.duration,
        !Terminal.isTerminal(.standardError)
      {
        state.nextLine = progress.elapsed + lineInterval
        try? Terminal.writeLine(line(progress))
      }
    }
  }

  private func complain(_ violation: LoadViolation) {
    state.withLock { state in
      state.violationsShown += 1
      guard state.violationsShown <= Self.violationsMax else { return }
      state.lines?.clear()
      Terminal.complain("invariant: \(violation)")
      if state.violationsShown == Self.violationsMax {
        Terminal.complain("invariant: further ones are counted and not shown; --json and --report keep a hundred")
      }
    }
  }

  private func block(_ progress: LoadProgress) -> [String] {
    let latency = progress.latency
    return [
      title,
      "\(FigureText.seconds(progress.elapsed)) of \(FigureText.seconds(progress.duration))",
      "rotations/s   \(FigureText.short(progress.rate))  \(Sparkline.text(progress.rates, width: Self.sparklineWidth))",
      "latency (ms)  p50 \(FigureText.short(latency.p50))  p90 \(FigureText.short(latency.p90))  p99 \(FigureText.short(latency.p99))  max \(FigureText.short(latency.max))",
      "so far        \(FigureText.counted(progress.rotations, "rotation")), \(FigureText.counted(progress.errors, "error")), \(FigureText.counted(progress.violations, "broken invariant"))",
    ]
  }

  private func line(_ progress: LoadProgress) -> String {
    let latency = progress.latency
    return
      "\(FigureText.seconds(progress.elapsed)): \(FigureText.short(progress.rate)) rotations/s, p50 \(FigureText.short(latency.p50)) ms, p99 \(FigureText.short(latency.p99)) ms, max \(FigureText.short(latency.max)) ms, \(FigureText.counted(progress.errors, "error")), \(FigureText.counted(progress.violations, "broken invariant"))"
  }
}
