import SystemPackage

/// A secret or a token that is read from the standard input, where other users of the machine do not see it.
enum InputLine {
  /// U+FEFF in UTF-8, which PowerShell puts before what it pipes.
  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
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
    return try line(bytes, what)
  }

  /// The text of the one line in `bytes`: without its end, whether that is LF, CRLF or CR, and without the mark of UTF-8 that programs
  /// of Windows put before it.
  static func line(_ bytes: [UInt8], _ what: String) throws(CommandFailure) -> String {
    var bytes = bytes[...]
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    if bytes.starts(with: mark) { bytes.removeFirst(mark.count) }
    guard !bytes.isEmpty else {
      throw CommandFailure(.usage, "the standard input holds no \(what); pipe one line into the command")
    }
    // What has it is UTF-16, as a rule, or no text at all.
    guard !bytes.contains(0), !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else {
      throw CommandFailure(
        .usage, "the \(what) on the standard input holds a zero byte or is UTF-16; pipe it in as UTF-8 text")
    }
    guard bytes.count <= bytesMax, !bytes.contains(UInt8(ascii: "\n")), !bytes.contains(UInt8(ascii: "\r")) else {
      throw CommandFailure(
        .usage, "the standard input holds more than the one line of the \(what); pipe that line alone")
    }
    guard let line = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure(.usage, "the \(what) on the standard input is not UTF-8; convert it")
    }
    guard !line.unicodeScalars.contains("\u{FEFF}") else {
      throw CommandFailure(
        .usage, "the \(what) on the standard input holds an invisible mark (U+FEFF) behind its beginning; remove it")
    }
    return line
  }
}
