import Glibc
import SystemPackage

/// A few lines on the standard error output that are drawn over themselves. For terminals only.
struct LiveLines: ~Copyable {
  private var drawn = 0

  /// Nil where no person watches.
  init?() {
    guard Terminal.isTerminal(.standardError), Terminal.environment["TERM"] != "dumb" else { return nil }
  }

  mutating func show(_ lines: [String]) {
    let lines = lines.flatMap { LineWrap.pieces($0, width: LiveLines.width) }
    var text = start
    for (index, line) in lines.enumerated() {
      text += "\u{1B}[2K\(line)"
      if index + 1 < lines.count { text += "\n" }
    }
    // What was lower down before: not always as many lines are needed.
    text += "\u{1B}[J"
    drawn = lines.count
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }

  /// Wipes the lines away; what is written next stands in their place.
  mutating func clear() {
    guard drawn > 0 else { return }
    _ = try? FileDescriptor.standardError.writeAll((start + "\u{1B}[J").utf8)
    drawn = 0
  }

  deinit {
    if drawn > 0 { _ = try? FileDescriptor.standardError.writeAll("\n".utf8) }
  }

  /// To the first column of the first line.
  private var start: String { drawn > 1 ? "\r\u{1B}[\(drawn - 1)A" : "\r" }

  /// Columns of the terminal, so that no line wraps, which would move the others.
  private static var width: Int {
    var size = winsize()
    guard ioctl(FileDescriptor.standardError.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
