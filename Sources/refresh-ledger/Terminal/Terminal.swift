import FoundationEssentials
import Platform
import SystemPackage

/// The standard streams: the writing to each, and whether a person watches.
enum Terminal {
  static var environment: [String: String] { ProcessInfo.processInfo.environment }

  /// Writes all of `text` to the standard output at once, so that it is seen even if the output is a pipe.
  static func write(_ text: String) throws(CommandError) {
    do {
      _ = try FileDescriptor.standardOutput.writeAll(text.utf8)
    } catch {
      throw CommandError(
        .inputOutput, "cannot write to the standard output: \(error); free space or close the pipe later")
    }
  }

  static func writeLine(_ text: String) throws(CommandError) {
    try write(text + "\n")
  }

  /// Writes an error as one line to the standard error output.
  static func complain(_ message: String) {
    _ = try? FileDescriptor.standardError.writeAll(complaint(message).utf8)
  }

  /// Returns the line with the reason that a command failed.
  static func complaint(_ message: String) -> String {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ").shown
    let label = usesColor(.standardError) ? "\u{1B}[31merror:\u{1B}[0m" : "error:"
    return "\(label) \(line)\n"
  }

  /// Writes one line that is not an error to the standard error output, for information that a program reading the
  /// standard output does not need.
  static func note(_ message: String) {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ").shown
    _ = try? FileDescriptor.standardError.writeAll("\(line)\n".utf8)
  }

  static func isTerminal(_ stream: FileDescriptor) -> Bool {
    TerminalDevice(stream).isTerminal
  }

  /// Checks whether a stream supports colour: a terminal does, unless `NO_COLOR` (no-color.org) is set.
  static func usesColor(_ stream: FileDescriptor) -> Bool {
    isTerminal(stream) && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }
}
