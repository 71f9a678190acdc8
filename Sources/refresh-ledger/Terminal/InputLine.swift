import SystemPackage

/// A secret or a token that is read from the standard input, where other users of the machine do not see it.
enum InputLine {
  /// The most bytes of a line.
  static let bytesMax = 64 << 10

  /// The one line of the standard input without its newline. `what` names it in messages.
  static func read(_ what: String) throws(CommandFailure) -> String {
    var bytes: [UInt8] = []
    do {
      var piece = [UInt8](repeating: 0, count: 4096)
      while bytes.count <= bytesMax {
        let count = try piece.withUnsafeMutableBytes { try FileDescriptor.standardInput.read(into: $0) }
        if count == 0 { break }
        bytes += piece.prefix(count)
      }
    } catch {
      throw CommandFailure(.inputOutput, "cannot read the \(what) from the standard input: \(error); pipe it in")
    }
    if bytes.last == UInt8(ascii: "\n") {
      bytes.removeLast()
      if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    }
    guard !bytes.isEmpty else {
      throw CommandFailure(.usage, "the standard input holds no \(what); pipe one line into the command")
    }
    guard bytes.count <= bytesMax, !bytes.contains(UInt8(ascii: "\n")) else {
      throw CommandFailure(
        .usage, "the standard input holds more than the one line of the \(what); pipe that line alone")
    }
    guard let line = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure(.usage, "the \(what) on the standard input is not UTF-8; convert it")
    }
    return line
  }
}
