import Platform
import Synchronization
import SystemPackage

/// The terminal while a live view uses it: the alternate screen, no cursor, keys one by one.
///
/// It is restored at the end.
final class TopScreen {
  /// The number of readings that the curve shows.
  static let historyCount = 60

  /// True if a signal came: the terminal must be restored before the process ends.
  private static let isEnded = Atomic<Bool>(false)
  private static let keyPause = Duration.milliseconds(50)
  private static let interrupt: UInt8 = 3

  private let keyboard = TerminalDevice(.standardInput)
  private let previous: TerminalDevice.Mode?

  init() {
    TopScreen.isEnded.store(false, ordering: .relaxed)
    for signal in [Signal.terminate, .hangUp, .interrupt] {
      signal.perform { _ in TopScreen.isEnded.store(true, ordering: .relaxed) }
    }
    previous = keyboard.readSingleKeys()
    write("\u{1B}[?1049h\u{1B}[?25l")
  }

  deinit {
    write("\u{1B}[?25h\u{1B}[?1049l")
    if let previous { keyboard.restore(previous) }
  }

  /// The rows and columns of the terminal.
  private var size: (rows: Int, columns: Int) {
    guard let size = TerminalDevice(.standardOutput).size, size.rows > 0 else { return (24, 80) }
    return size
  }

  /// The number of readings for which the curve has room, after its indent.
  var historyRoom: Int { min(TopScreen.historyCount, max(1, size.columns - 2)) }

  /// Draws the lines in place of those before, as many as there is room for.
  func draw(_ lines: [String]) {
    let (rows, columns) = size
    let isColored = Terminal.usesColor(.standardOutput)
    let shown = lines.enumerated().flatMap { number, line in
      LineWrap.pieces(line, width: columns).map { number == 0 && isColored ? "\u{1B}[1m\($0)\u{1B}[0m" : $0 }
    }.prefix(rows)
    write("\u{1B}[H" + shown.joined(separator: "\u{1B}[K\r\n") + "\u{1B}[K\u{1B}[J")
  }

  /// Waits, and returns false as soon as somebody wants the view to end.
  func wait(_ duration: Duration) async -> Bool {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {
      guard !TopScreen.isEnded.load(ordering: .relaxed), !isEndAsked() else { return false }
      do { try await Task.sleep(for: min(TopScreen.keyPause, end - ContinuousClock.now)) } catch { return false }
    }
    return true
  }

  /// Checks whether q or Control-C was pressed.
  private func isEndAsked() -> Bool {
    guard previous != nil else { return false }
    // Without keys the terminal is gone.
    guard let keys = keyboard.waitingKeys() else { return true }
    return keys.contains {
      $0 == UInt8(ascii: "q") || $0 == UInt8(ascii: "Q") || $0 == TopScreen.interrupt
    }
  }

  private func write(_ text: String) {
    _ = try? FileDescriptor.standardOutput.writeAll(text.utf8)
  }
}
