import SystemPackage

/// A bar on the standard error output that is drawn over itself, with rate and time left; nothing at all where that is no terminal.
struct ProgressBar: ~Copyable {
  /// What is counted.
  enum Unit {
    case bytes
    /// Of this name, in the plural.
    case things(String)
  }

  private let label: String
  private let isShown: Bool
  private let unit: Unit
  private let began = ContinuousClock.now
  private var drawn: ContinuousClock.Instant?
  private var isDrawn = false

  private static let width = 32
  /// Drawing costs more than most of what is counted.
  private static let pause = Duration.milliseconds(100)
  /// Sooner a rate would jump about.
  private static let firstRate = Duration.milliseconds(500)

  init(label: String, isWanted: Bool = true, unit: Unit = .bytes) {
    self.label = label
    self.unit = unit
    isShown = isWanted && Terminal.isTerminal(.standardError)
  }

  mutating func show(_ done: UInt64, of total: UInt64) {
    guard isShown else { return }
    let now = ContinuousClock.now
    if let drawn, now - drawn < Self.pause { return }
    drawn = now
    isDrawn = true
    draw("\r\(ProgressBar.line(label, done, of: total, unit, after: now - began))\u{1B}[K")
  }

  /// What stands in the line after `elapsed`.
  static func line(_ label: String, _ done: UInt64, of total: UInt64, _ unit: Unit, after elapsed: Duration) -> String {
    let fraction = total == 0 ? 1 : min(1, Double(done) / Double(total))
    let filled = Int(fraction * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let start = "\(label) \(bar) \(Int(fraction * 100)) %"
    guard elapsed >= firstRate, done > 0 else { return start }
    let rate = Double(done) / (elapsed / .seconds(1))
    let left = Double(total - min(done, total)) / rate
    return "\(start)  \(text(rate, unit))/s  \(FigureText.time(seconds: left)) left"
  }

  private static func text(_ rate: Double, _ unit: Unit) -> String {
    switch unit {
    case .bytes: FigureText.bytes(rate)
    case .things(let name): "\(FigureText.number(rate)) \(name)"
    }
  }

  /// Wipes the bar away.
  deinit {
    if isDrawn { draw("\r\u{1B}[2K") }
  }

  private func draw(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}
