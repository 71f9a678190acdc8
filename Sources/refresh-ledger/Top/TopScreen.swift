import Glibc
import Synchronization
import SystemPackage

/// The terminal while a live view has it: the other screen, no cursor, keys one by one. It is given back at the end.
final class TopScreen {
  /// The number of readings that the curve shows.
  static let historyCount = 60

  /// Whether a signal came: the terminal must be given back before the process ends.
  private static let isEnded = Atomic<Bool>(false)
  private static let keyPause = Duration.milliseconds(50)
  private static let interrupt: UInt8 = 3

  private var previous: termios?

  init() {
    TopScreen.isEnded.store(false, ordering: .relaxed)
    for number in [SIGTERM, SIGHUP, SIGINT] {
      signal(number) { _ in TopScreen.isEnded.store(true, ordering: .relaxed) }
    }
    var settings = termios()
    if tcgetattr(STDIN_FILENO, &settings) == 0 {
      previous = settings
      settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
      tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }
    write("\u{1B}[?1049h\u{1B}[?25l")
  }

  deinit {
    write("\u{1B}[?25h\u{1B}[?1049l")
    if var previous { tcsetattr(STDIN_FILENO, TCSANOW, &previous) }
  }

  /// The rows and columns of the terminal.
  private var size: (rows: Int, columns: Int) {
    var size = winsize()
    let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0 && size.ws_col > 0
    return isKnown ? (Int(size.ws_row), Int(size.ws_col)) : (24, 80)
  }

  /// The number of readings that the curve has room for, behind its indent.
  var historyRoom: Int { min(TopScreen.historyCount, max(1, size.columns - 2)) }

  /// Draws the lines in the place of those before, as many as there is room for.
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

  /// Whether q or Control-C was pressed.
  private func isEndAsked() -> Bool {
    guard previous != nil else { return false }
    var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, 0) > 0 else { return false }
    var keys = [UInt8](repeating: 0, count: 64)
    let count = Glibc.read(STDIN_FILENO, &keys, keys.count)
    // The terminal is gone.
    guard count > 0 else { return true }
    return keys.prefix(count).contains {
      $0 == UInt8(ascii: "q") || $0 == UInt8(ascii: "Q") || $0 == TopScreen.interrupt
    }
  }

  private func write(_ text: String) {
    _ = try? FileDescriptor.standardOutput.writeAll(text.utf8)
  }
}
