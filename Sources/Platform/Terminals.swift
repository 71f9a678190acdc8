internal import Glibc
package import SystemPackage

/// A stream that can be a terminal.
package struct TerminalDevice: Sendable {
  private let descriptor: CInt

  package init(_ stream: FileDescriptor) {
    descriptor = stream.rawValue
  }

  package var isTerminal: Bool { isatty(descriptor) == 1 }

  /// The rows and columns, or nil if the stream is not a terminal or does not know them.
  package var size: (rows: Int, columns: Int)? {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return (Int(size.ws_row), Int(size.ws_col))
  }

  /// The earlier settings of a terminal; see `readSingleKeys()`.
  package struct Mode {
    fileprivate let settings: termios
  }

  /// Makes keys arrive one by one, without echo and without signals.
  ///
  /// Returns nil if the stream is not a terminal.
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

  /// Returns the keys that were pressed and not read yet, at most 64: an empty array if there are none, nil if the
  /// terminal is gone.
  ///
  /// The call never waits.
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
  /// Opens `/dev/null` for each of the descriptors 0, 1 and 2 that is closed.
  ///
  /// Otherwise a file of the log could get its number, and messages would be written into it.
  package static func fillGaps() {
    while true {
      let opened = unsafe open("/dev/null", O_RDWR)
      guard (0...2).contains(opened) else {
        if opened > 2 { close(opened) }
        return
      }
    }
  }

  /// Makes writes to a pipe or a terminal fail if they had to wait, including those of the runtime, which reports a
  /// crash before it ends the program.
  ///
  /// The stream is opened anew, since `O_NONBLOCK` on the given descriptor would affect everybody who shares it, such
  /// as the shell that started the program.
  package static func neverWait() {
    for stream in [STDOUT_FILENO, STDERR_FILENO] where canWait(stream) {
      // This fails for a socket, and if the pipe belongs to another user. A crash can then wait for the reader; log
      // lines do not, since a thread writes them.
      let opened = unsafe open("/proc/self/fd/\(stream)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      guard opened >= 0 else { continue }
      dup2(opened, stream)
      close(opened)
    }
  }

  /// Checks whether a stream is a pipe, a socket or a terminal.
  ///
  /// A file never makes a writer wait for another program, and its offset belongs to the given descriptor.
  private static func canWait(_ stream: CInt) -> Bool {
    lseek(stream, 0, SEEK_CUR) < 0 && errno == ESPIPE
  }
}

extension FileDescriptor {
  /// Waits until there is room to write to a descriptor that does not wait by itself.
  package func waitForRoom() {
    var waiting = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
    unsafe poll(&waiting, 1, -1)
  }
}
