import SystemPackage

/// A bar on the standard error output that is drawn over itself; nothing at all where that is no terminal.
struct ProgressBar: ~Copyable {
  private let label: String
  private let isShown: Bool
  private var percentShown = -1

  private static let width = 32

  init(label: String, isWanted: Bool = true) {
    self.label = label
    isShown = isWanted && Terminal.isTerminal(.standardError)
  }

  mutating func show(_ done: UInt64, of total: UInt64) {
    guard isShown else { return }
    let fraction = total == 0 ? 1 : min(1, Double(done) / Double(total))
    let percent = Int(fraction * 100)
    guard percent != percentShown else { return }
    percentShown = percent
    let filled = Int(fraction * Double(ProgressBar.width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: ProgressBar.width - filled)
    draw("\r\(label) \(bar) \(percent) %")
  }

  /// Wipes the bar away.
  deinit {
    if percentShown >= 0 { draw("\r\u{1B}[2K") }
  }

  private func draw(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}
