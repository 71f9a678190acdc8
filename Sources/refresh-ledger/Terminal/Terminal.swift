import FoundationEssentials
import Glibc
import SystemPackage

/// The standard streams: what is written to which, and whether a person watches.
enum Terminal {
  static var environment: [String: String] { ProcessInfo.processInfo.environment }

  /// Writes all of `text` to the standard output at once, so that it is seen although the output is a pipe.
  static func write(_ text: String) throws(CommandFailure) {
    do {
      _ = try FileDescriptor.standardOutput.writeAll(text.utf8)
    } catch {
      throw CommandFailure(
        .inputOutput, "cannot write to the standard output: \(error); free space or close the pipe later")
    }
  }

  static func writeLine(_ text: String) throws(CommandFailure) {
    try write(text + "\n")
  }

  /// Writes an error as one line to the standard error output.
  static func complain(_ message: String) {
    _ = try? FileDescriptor.standardError.writeAll(complaint(message).utf8)
  }

  /// The line by which a command that failed says why.
  static func complaint(_ message: String) -> String {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ").shown
    let label = usesColor(.standardError) ? "\u{1B}[31merror:\u{1B}[0m" : "error:"
    return "\(label) \(line)\n"
  }

  /// Writes one line that is not an error to the standard error output, for what a program that reads the standard
  /// output need not know.
  static func note(_ message: String) {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ").shown
    _ = try? FileDescriptor.standardError.writeAll("\(line)\n".utf8)
  }

  static func isTerminal(_ stream: FileDescriptor) -> Bool {
    isatty(stream.rawValue) == 1
  }

  /// Whether a stream takes colour: a terminal does, unless `NO_COLOR` (no-color.org) is set.
  static func usesColor(_ stream: FileDescriptor) -> Bool {
    isTerminal(stream) && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }
}

/// The descriptors 0, 1 and 2 of this process.
enum StandardStreams {
  /// Opens `/dev/null` for each that is closed: else a file of the log could get its number, and messages would be
  /// written into it.
  static func fillGaps() {
    while true {
      let opened = open("/dev/null", O_RDWR)
      guard (0...2).contains(opened) else {
        if opened > 2 { close(opened) }
        return
      }
    }
  }

  /// Makes writes to a pipe or a terminal fail if they had to wait, also those of the runtime, which tells of a crash
  /// before it ends the process.
  ///
  /// It opens the stream anew: `O_NONBLOCK` on the descriptor that we were given would reach all who share it, such as
  /// the shell that started us.
  static func neverWait() {
    for stream in [FileDescriptor.standardOutput, .standardError] where mayWait(stream) {
      // Fails for a socket, and for a pipe of another user. Then a crash can wait for the reader; log lines do not, since
      // a thread writes them.
      let opened = open("/proc/self/fd/\(stream.rawValue)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      guard opened >= 0 else { continue }
      dup2(opened, stream.rawValue)
      close(opened)
    }
  }

  /// Whether the stream is a pipe, a socket or a terminal. A file never makes a writer wait for another program, and
  /// its offset belongs to the descriptor that we were given.
  private static func mayWait(_ stream: FileDescriptor) -> Bool {
    lseek(stream.rawValue, 0, SEEK_CUR) < 0 && errno == ESPIPE
  }
}
