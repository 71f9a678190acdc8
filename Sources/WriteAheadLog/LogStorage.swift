internal import SystemPackage

/// A folder of files, which is everything that the log needs from an operating system.
///
/// Every call blocks. Names are plain file names. Errors are `LogError.io`, and `.locked` from `lock()`. The callers
/// retry short reads, short writes and `EINTR` of both, and never retry a sync.
package protocol LogStorage: Sendable {
  /// The name of the folder in messages.
  var path: String { get }

  /// The names of all files in the folder, in any order.
  func names() throws(LogError) -> [String]

  /// Creates the folder if it does not exist, and takes the writer's lock until the result is released. Never waits.
  func lock() throws(LogError) -> any LogLock

  func open(_ name: String, for use: LogFileUse) throws(LogError) -> any LogFile

  /// Renames a file, and replaces `newName` if it exists. The change is durable after `syncDirectory`.
  func rename(_ name: String, to newName: String) throws(LogError)

  /// Removes a file. The change is durable after `syncDirectory`.
  func remove(_ name: String) throws(LogError)

  /// Makes the folder's entries durable.
  func syncDirectory() throws(LogError)
}

package enum LogFileUse: Sendable {
  case reading
  case writing
  /// A new file is written, in place of any file with that name.
  case creating
}

/// An open file, which is closed when released.
package protocol LogFile: AnyObject, Sendable {
  func size() throws(LogError) -> UInt64

  /// Fills the start of `bytes[range]` with the bytes at `offset`, and returns their number: 0 only at the end of the
  /// file, or if no bytes are asked for.
  func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogError) -> Int

  /// Writes some of the first `bytes` and returns their number.
  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(LogError) -> Int

  /// Makes the content and the size durable. After an error the state of both is unknown.
  func sync() throws(LogError)

  /// Writes the bytes of `range` to the disk and waits for that, which makes nothing durable: a later sync has less to
  /// do, and other files' syncs need not wait behind all of it.
  func writeOut(_ range: Range<UInt64>) throws(LogError)

  func truncate(to size: UInt64) throws(LogError)
}

/// The right to write to the folder, which ends when it is released.
package protocol LogLock: AnyObject, Sendable {}

extension LogFile {
  /// Fills all of `bytes[range]`, except past the end of the file, and returns the number of bytes filled.
  func readAll(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogError) -> Int {
    var filled = 0
    while filled < range.count {
      do throws(LogError) {
        let rest = (range.lowerBound + filled)..<range.upperBound
        let count = try read(into: &bytes, rest, at: offset + UInt64(filled))
        if count == 0 { break }
        filled += count
      } catch {
        guard error.isInterruption else { throw error }
      }
    }
    return filled
  }

  func writeAll(_ bytes: Span<UInt8>, at offset: UInt64) throws(LogError) {
    var written = 0
    while written < bytes.count {
      do throws(LogError) {
        let count = try write(bytes.extracting(written..<bytes.count), at: offset + UInt64(written))
        guard count > 0 else { throw .io(operation: "write to", path: "the log", errno: Errno.ioError.rawValue) }
        written += count
      } catch {
        guard error.isInterruption else { throw error }
      }
    }
  }
}

extension LogFile {
  private static var copiedBytesMax: UInt64 { 1 << 20 }

  /// Copies bytes to the offset `target` in the other file, which can be this one, and makes them durable there.
  ///
  /// The copy ends early if this file does. `onPiece` is called with the number of bytes of each copied piece.
  func copy(
    from start: UInt64, bytes: UInt64, to copy: any LogFile, at target: UInt64 = 0,
    onPiece: (UInt64) -> Void = { _ in }
  ) throws(LogError) {
    var piece = [UInt8](repeating: 0, count: Int(clamping: min(Self.copiedBytesMax, max(bytes, 1))))
    var done: UInt64 = 0
    while done < bytes {
      let wanted = Int(min(UInt64(piece.count), bytes - done))
      let count = try readAll(into: &piece, 0..<wanted, at: start + done)
      if count == 0 { break }
      try copy.writeAll(piece.span.extracting(0..<count), at: target + done)
      done += UInt64(count)
      onPiece(UInt64(count))
    }
    try copy.sync()
  }
}

extension LogError {
  fileprivate var isInterruption: Bool { isIO(.interrupted) }

  package var isMissingFile: Bool { isIO(.noSuchFileOrDirectory) }

  private func isIO(_ code: Errno) -> Bool {
    if case .io(_, _, code.rawValue) = self { true } else { false }
  }
}
