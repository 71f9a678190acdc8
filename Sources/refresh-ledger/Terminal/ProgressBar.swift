import Synchronization
import SystemPackage

/// A bar on the standard error output that is redrawn in place, with the rate and the time left.
///
/// It draws nothing if that is not a terminal, and nothing for work that is done at once.
struct ProgressBar: ~Copyable {
  /// The unit of the count.
  enum Unit {
    case bytes
    /// Things with this name, in the plural.
    case things(String)
  }

  private let label: String
  private let isShown: Bool
  private let unit: Unit
  private let write: @Sendable (String) -> Void
  /// The count that was shown first, and its time: work can begin long after the bar was made.
  private var first: (done: UInt64, time: ContinuousClock.Instant)?
  private var drawn: ContinuousClock.Instant?
  private var isDrawn = false

  private static let width = 32
  /// The pause between two drawings, as one costs more than most of what is counted.
  private static let pause = Duration.milliseconds(100)
  /// The time from which on a rate is shown, since it would vary widely before.
  private static let firstRate = Duration.milliseconds(500)

  /// Creates a bar, which `write` draws on the standard error output.
  init(
    label: String, isWanted: Bool = true, unit: Unit = .bytes,
    write: @escaping @Sendable (String) -> Void = ProgressBar.draw
  ) {
    self.label = label
    self.unit = unit
    self.write = write
    isShown = isWanted && Terminal.isTerminal(.standardError)
  }

  mutating func show(_ done: UInt64, of total: UInt64) {
    guard isShown else { return }
    let now = ContinuousClock.now
    let first = self.first ?? (done, now)
    self.first = first
    if now - (drawn ?? first.time) < Self.pause { return }
    drawn = now
    isDrawn = true
    write("\r\(ProgressBar.line(label, done, of: total, unit, from: first.done, after: now - first.time))\u{1B}[K")
  }

  /// Returns the line when `elapsed` has passed since the count was `start`.
  static func line(
    _ label: String, _ done: UInt64, of total: UInt64, _ unit: Unit, from start: UInt64 = 0, after elapsed: Duration
  ) -> String {
    let fraction = total == 0 ? 1 : min(1, Double(done) / Double(total))
    let filled = Int(fraction * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let state = "\(label) \(bar) \(Int(fraction * 100)) %"
    guard elapsed >= firstRate, done > start else { return state }
    let rate = Double(done - start) / (elapsed / .seconds(1))
    let left = Double(total - min(done, total)) / rate
    return "\(state)  \(text(rate, unit))/s  \(FigureText.time(seconds: left)) left"
  }

  private static func text(_ rate: Double, _ unit: Unit) -> String {
    switch unit {
    case .bytes: FigureText.bytes(rate)
    case .things(let name): "\(FigureText.number(rate)) \(name)"
    }
  }

  /// Clears the bar.
  deinit {
    if isDrawn { write("\r\u{1B}[2K") }
  }

  @Sendable static func draw(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}

/// A ``ProgressBar`` that another thread draws.
///
/// It is cleared when it is released.
final class SharedProgressBar: Sendable {
  private let bar: Mutex<ProgressBar>

  init(label: String, unit: ProgressBar.Unit) {
    bar = Mutex(ProgressBar(label: label, unit: unit))
  }

  func show(_ done: UInt64, of total: UInt64) {
    bar.withLock { $0.show(done, of: total) }
  }
}
