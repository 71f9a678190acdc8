import Platform
import SystemPackage

/// The lines of a file, one after another.
///
/// A file of any size takes one buffer of memory.
final class ImportLines {
  static let bytesMax = 16 << 10
  private static let pieceBytes = 1 << 20

  private let path: String
  private let file: FileDescriptor
  private var piece: [UInt8] = []
  private var place = 0
  private var isAtEnd = false
  /// The number of the line that was read last, counted from 1.
  private(set) var number = 0
  /// The number of bytes read so far.
  private(set) var bytesRead: UInt64 = 0
  let bytesTotal: UInt64

  init(path: String) throws(CommandError) {
    self.path = path
    do {
      file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
    } catch Errno.noSuchFileOrDirectory {
      throw CommandError(.noInput, "\(path): there is no such file of sessions; name a file that exists")
    } catch {
      throw CommandError(
        .inputOutput, "\(path): cannot open the file of sessions: \(error); name a file that you can read")
    }
    guard FileStatus(path)?.isFolder != true else {
      try? file.close()
      throw CommandError(.noInput, "\(path): is a folder, not a file; name a file of sessions")
    }
    // The file is read twice, which a pipe does not allow.
    guard let end = try? file.seek(offset: 0, from: .end), (try? file.seek(offset: 0, from: .start)) != nil else {
      try? file.close()
      throw CommandError(.noInput, "\(path): is not a file that can be read twice; write the lines to a file")
    }
    bytesTotal = UInt64(max(0, end))
  }

  deinit { try? file.close() }

  /// Returns the next line without its end, or nil after the last.
  ///
  /// Empty lines are skipped.
  func next() throws(CommandError) -> [UInt8]? {
    while let line = try nextOfAny() {
      if line.contains(where: { $0 != 0x20 && $0 != 0x09 }) { return line }
    }
    return nil
  }

  private func nextOfAny() throws(CommandError) -> [UInt8]? {
    var line: [UInt8] = []
    while true {
      if place == piece.count {
        try fill()
        guard place < piece.count else {
          guard !line.isEmpty else { return nil }
          number += 1
          return trimmed(line)
        }
      }
      let end = piece[place...].firstIndex(of: UInt8(ascii: "\n"))
      line += piece[place..<(end ?? piece.count)]
      place = end.map { $0 + 1 } ?? piece.count
      guard line.count <= Self.bytesMax else {
        throw CommandError(
          .bad,
          "\(path):\(number + 1): the line is longer than \(Self.bytesMax >> 10) KiB; write one session in each line")
      }
      guard end != nil else { continue }
      number += 1
      return trimmed(line)
    }
  }

  private func trimmed(_ line: [UInt8]) -> [UInt8] {
    line.last == UInt8(ascii: "\r") ? Array(line.dropLast()) : line
  }

  private func fill() throws(CommandError) {
    guard !isAtEnd else { return }
    piece = [UInt8](repeating: 0, count: Self.pieceBytes)
    place = 0
    do {
      let count = try piece.withUnsafeMutableBytes { try file.read(into: $0) }
      piece.removeLast(piece.count - count)
      bytesRead += UInt64(count)
      isAtEnd = count == 0
    } catch {
      throw CommandError(
        .inputOutput, "\(path): cannot read the file of sessions: \(error); fix the disk or copy the file")
    }
  }
}
