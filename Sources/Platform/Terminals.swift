internal import Glibc
package import SystemPackage

/// A stream that can be a terminal.
package struct TerminalDevice: Sendable {
  private let descriptor: CInt

  package init(_ stream: FileDescriptor) {
    descriptor = stream.rawValue
  }

  package var isTerminal: Bool { isatty(descriptor) == 1 }

  /// The rows and columns; nil if it is not a terminal or does not know.
  package var size: (rows: Int, columns: Int)? {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return (Int(size.ws_row), Int(size.ws_col))
  }

  /// The settings that a terminal had before; see `readSingleKeys()`.
  package struct Mode {
    fileprivate let settings: termios
  }

  /// Has keys come one by one, unseen, and none of them mean a signal; nil if it is no terminal.
  package func readSingleKeys() -> Mode? {
    var settings = termios()
    guard unsafe tcgetattr(descriptor, &settings) == 0 else { return nil }
    let previous = Mode(settings: settings)
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
    unsafe tcsetattr(descriptor, TCSANOW, &settings)
    return previous
  }

  package func restore(_ mode: Mode) {
    var settings = mode.settings
    unsafe tcsetattr(descriptor, TCSANOW, &settings)
  }

  /// Keys that were pressed and not read yet, at most 64: empty if there are none, nil if the terminal is gone. Never
  /// waits.
  package func waitingKeys() -> [UInt8]? {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&waiting, 1, 0) > 0 else { return [] }
    var keys = [UInt8](repeating: 0, count: 64)
    let count = unsafe Glibc.read(descriptor, &keys, keys.count)
    return count > 0 ? Array(keys.prefix(count)) : nil
  }
}

/// The standard streams of this program.
package enum StandardStreams {
  /// Opens `/dev/null` where one of the descriptors 0, 1 and 2 is closed: else a file of the log could get its number,
  /// and messages would be written into it.
  package static func fillGaps() {
    while true {
      let opened = unsafe open("/dev/null", O_RDWR)
      guard (0...2).contains(opened) else {
        if opened > 2 { close(opened) }
        return
      }
    }
  }

  /// Makes writes to a pipe or a terminal fail where they had to wait: also those of the runtime, which tells of a
  /// crash before it ends the program.
  ///
  /// It opens the stream anew: `O_NONBLOCK` on the descriptor that we were given would reach all who share it, such as
  /// the shell that started us.
  package static func neverWait() {
    for stream in [STDOUT_FILENO, STDERR_FILENO] where canWait(stream) {
      // Fails for a socket, and where the pipe belongs to another user. Then a crash can wait for the reader; log lines
      // do not, since a thread writes them.
      let opened = unsafe open("/proc/self/fd/\(stream)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      guard opened >= 0 else { continue }
      dup2(opened, stream)
      close(opened)
    }
  }

  /// A pipe, a socket or a terminal; a file never makes a writer wait for another program, and its offset belongs to
  /// what we were given.
  private static func canWait(_ stream: CInt) -> Bool {
    lseek(stream, 0, SEEK_CUR) < 0 && errno == ESPIPE
  }
}

extension FileDescriptor {
  /// Waits until there is room to write into what does not wait by itself.
  package func waitForRoom() {
    var waiting = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
    unsafe poll(&waiting, 1, -1)
  }
}
