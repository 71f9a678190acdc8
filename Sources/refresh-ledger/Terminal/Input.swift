import Platform
import SystemPackage

/// The secret or token on the standard input, where other users of the machine do not see it.
enum InputLine {
  /// The byte order mark U+FEFF in UTF-8, which PowerShell puts before what it pipes.
  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
  /// The most bytes of a line.
  static let bytesMax = 64 << 10

  /// Reads the secret in the one line of the standard input, without the line's end: LF, CRLF or CR.
  ///
  /// `what` names it in messages.
  static func read(_ what: String) throws(CommandError) -> String {
    try secret(try bytes(what), what)
  }

  /// Reads the token in the one line of the standard input.
  ///
  /// The whole line is the token; the verifier refuses anything that does not belong to it.
  static func readToken() throws(CommandError) -> String {
    var bytes = try bytes("token")[...]
    if bytes.last == UInt8(ascii: "\n") {
      bytes.removeLast()
      if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    }
    return try line(bytes, "token")
  }

  private static func bytes(_ what: String) throws(CommandError) -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      var piece = [UInt8](repeating: 0, count: 4096)
      while bytes.count <= bytesMax {
        let count = try piece.withUnsafeMutableBytes { try FileDescriptor.standardInput.read(into: $0) }
        if count == 0 { break }
        bytes += piece.prefix(count)
      }
    } catch {
      throw CommandError(.inputOutput, "cannot read the \(what) from the standard input: \(error); pipe it in")
    }
    return bytes
  }

  /// Returns the secret in a line, without the byte order mark that programs of Windows put before a text.
  ///
  /// A text that cannot be intended is refused: it would be an invisible part of the secret.
  static func secret(_ bytes: [UInt8], _ what: String) throws(CommandError) -> String {
    var bytes = bytes[...]
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    if bytes.starts(with: mark) { bytes.removeFirst(mark.count) }
    // A text with a zero byte is usually UTF-16, or no text at all.
    guard !bytes.contains(0), !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else {
      throw CommandError(
        .usage, "the \(what) on the standard input holds a zero byte or is UTF-16; pipe it in as UTF-8 text")
    }
    guard !bytes.contains(UInt8(ascii: "\r")) else { throw tooMuch(what) }
    let secret = try line(bytes, what)
    guard !secret.unicodeScalars.contains("\u{FEFF}") else {
      throw CommandError(
        .usage, "the \(what) on the standard input holds an invisible mark (U+FEFF) behind its beginning; remove it")
    }
    return secret
  }

  private static func line(_ bytes: ArraySlice<UInt8>, _ what: String) throws(CommandError) -> String {
    guard !bytes.isEmpty else {
      throw CommandError(.usage, "the standard input holds no \(what); pipe one line into the command")
    }
    guard bytes.count <= bytesMax, !bytes.contains(UInt8(ascii: "\n")) else { throw tooMuch(what) }
    guard let line = String(validating: bytes, as: UTF8.self) else {
      throw CommandError(.usage, "the \(what) on the standard input is not UTF-8; convert it")
    }
    return line
  }

  private static func tooMuch(_ what: String) -> CommandError {
    CommandError(.usage, "the standard input holds more than the one line of the \(what); pipe that line alone")
  }
}

/// A file that the command line names.
enum InputFile {
  /// Reads all bytes of the file.
  ///
  /// `what` names it in messages.
  static func read(_ path: String, _ what: String, bytesMax: Int) throws(CommandError) -> [UInt8] {
    do throws(BoundedReadError) {
      return try contents(path, bytesMax: bytesMax)
    } catch {
      switch error {
      case .tooLarge:
        throw CommandError(
          .configuration, "\(path): the \(what) is larger than \(bytesMax >> 10) KiB; name another file")
      case .refused(.isDirectory):
        throw CommandError(.noInput, "\(path): is a folder, not a \(what); name a file")
      case .refused(.noSuchFileOrDirectory):
        throw CommandError(.noInput, "\(path): there is no such \(what); name a file that exists")
      case .refused(let code):
        throw CommandError(.inputOutput, "\(path): cannot read the \(what): \(code); name a file that you can read")
      }
    }
  }

  private static func contents(_ path: String, bytesMax: Int) throws(BoundedReadError) -> [UInt8] {
    let file: OpenFile
    do { file = try OpenFile(reading: path, followsLinks: true) } catch { throw .refused(error) }
    return try file.contents(bytesMax: bytesMax)
  }
}
