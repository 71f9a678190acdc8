internal import CSyncFileRange
internal import Glibc
package import SystemPackage

/// An open file, which is closed at the end of its life.
///
/// Calls block. Refusals of the system are thrown; only calls whose comments say so are repeated.
package struct OpenFile: ~Copyable, Sendable {
  /// The mode of every created file, which gives access to its owner alone.
  static let mode: UInt32 = 0o600

  let descriptor: CInt

  init(_ descriptor: CInt) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Opens an existing file for reading.
  ///
  /// A path that ends in a symbolic link is refused unless `followsLinks` is true. The call waits for the other end of
  /// a pipe unless `waits` is false, so that a pipe cannot hang the caller.
  package init(reading path: String, followsLinks: Bool = false, waits: Bool = true) throws(Errno) {
    let flags = O_RDONLY | (followsLinks ? 0 : O_NOFOLLOW) | (waits ? 0 : O_NONBLOCK)
    self.init(try Self.open(path, flags))
  }

  /// Opens an existing file, which must not be a link, for reading and writing.
  package init(changing path: String) throws(Errno) {
    self.init(try Self.open(path, O_RDWR | O_NOFOLLOW))
  }

  /// Creates a file of mode 0600 for reading and writing.
  ///
  /// - Throws: `.fileExists` if the name is taken.
  package init(making path: String) throws(Errno) {
    self.init(try Self.open(path, O_RDWR | O_NOFOLLOW | O_CREAT | O_EXCL))
  }

  private static func open(_ path: String, _ flags: CInt) throws(Errno) -> CInt {
    try Errno.untilUninterrupted { unsafe Glibc.open(path, flags | O_CLOEXEC, mode) }
  }

  package func status() throws(Errno) -> FileStatus {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .current }
    return FileStatus(status)
  }

  package func size() throws(Errno) -> UInt64 {
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw .current }
    return UInt64(end)
  }

  package func setMode(_ mode: UInt32) throws(Errno) {
    guard fchmod(descriptor, mode) == 0 else { throw .current }
  }

  /// Fills the start of `bytes[range]` with the bytes at `offset`.
  ///
  /// Returns their number, 0 at the end of the file.
  package func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(Errno) -> Int {
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[range])
      return unsafe pread(descriptor, target.baseAddress, target.count, Int(clamping: offset))
    }
    guard count >= 0 else { throw .current }
    return count
  }

  /// Writes some of the first `bytes` at `offset`, and returns their number.
  package func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(Errno) -> Int {
    let count = unsafe bytes.withUnsafeBytes { source in
      unsafe pwrite(descriptor, source.baseAddress, source.count, Int(clamping: offset))
    }
    guard count >= 0 else { throw .current }
    return count
  }

  /// Writes all of `bytes` where the last write ended.
  ///
  /// An interrupted call is repeated.
  package func writeAll(_ bytes: Span<UInt8>) throws(Errno) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.extracting(written..<bytes.count).withUnsafeBytes { rest in
        unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw count == 0 ? .ioError : .current }
      written += count
    }
  }

  /// Writes all of `bytes` at `offset`.
  ///
  /// An interrupted call is repeated.
  package func writeAll(_ bytes: Span<UInt8>, at offset: UInt64) throws(Errno) {
    var written = 0
    while written < bytes.count {
      do throws(Errno) {
        let count = try write(bytes.extracting(written..<bytes.count), at: offset + UInt64(written))
        guard count > 0 else { throw .ioError }
        written += count
      } catch {
        guard error == .interrupted else { throw error }
      }
    }
  }

  package func truncate(to size: UInt64) throws(Errno) {
    guard ftruncate(descriptor, Int(clamping: size)) == 0 else { throw .current }
  }

  /// Makes the content and all metadata durable.
  ///
  /// After an error the state of both is unknown.
  package func sync() throws(Errno) {
    guard fsync(descriptor) == 0 else { throw .current }
  }

  /// Makes the content and the size durable.
  ///
  /// After an error the state of both is unknown.
  package func syncContent() throws(Errno) {
    guard fdatasync(descriptor) == 0 else { throw .current }
  }

  /// Writes the bytes of `range` to the disk and waits for that, which makes nothing durable: the disk's own memory is
  /// not flushed, and neither is a new size written.
  ///
  /// After an error the state of the content is unknown.
  package func writeOut(_ range: Range<UInt64>) throws(Errno) {
    let flags =
      LEDGER_SYNC_FILE_RANGE_WAIT_BEFORE | LEDGER_SYNC_FILE_RANGE_WRITE | LEDGER_SYNC_FILE_RANGE_WAIT_AFTER
    let (start, count) = (Int64(clamping: range.lowerBound), Int64(clamping: range.count))
    guard sync_file_range(descriptor, start, count, UInt32(flags)) == 0 else { throw .current }
  }
}

/// The reason that the content of a file was not read.
package enum BoundedReadError: Error, Sendable, Hashable {
  /// The file has more bytes than allowed.
  case tooLarge
  case refused(Errno)
}

extension OpenFile {
  private static let pieceBytes = 64 << 10

  /// Returns all bytes from the start, at most `bytesMax`.
  ///
  /// Files that have no size before, such as pipes, can be read too.
  package func contents(bytesMax: Int) throws(BoundedReadError) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: min(Self.pieceBytes, bytesMax + 1))
    while true {
      let count = unsafe Glibc.read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .refused(.current) }
      if count == 0 { return bytes }
      guard bytes.count + count <= bytesMax else { throw .tooLarge }
      bytes += piece[..<count]
    }
  }
}

/// The rule by which root gives away the files it creates: in another user's folder they become that user's.
///
/// A server that runs as that user could not read them otherwise. The rule applies only to files that the caller has
/// just created: the owner could have put any other file there in order to receive it. A refusal by the system is no
/// failure; the file then stays root's.
extension OpenFile {
  /// Gives a file that was created in `folder` to the owner of the folder.
  package func giveToOwner(of folder: String) {
    guard geteuid() == 0, let status = FileStatus(folder) else { return }
    give(toOwnerOf: status)
  }

  func give(toOwnerOf folder: FileStatus) {
    guard geteuid() == 0, folder.owner != 0 else { return }
    fchown(descriptor, folder.owner, folder.group)
  }
}

extension Errno {
  /// The error of this thread's last failed call.
  static var current: Errno { Errno(rawValue: Glibc.errno) }

  /// Repeats a call that opens something until no signal interrupts it.
  static func untilUninterrupted(_ call: () -> CInt) throws(Errno) -> CInt {
    while true {
      let result = call()
      if result >= 0 { return result }
      let refusal = current
      guard refusal == .interrupted else { throw refusal }
    }
  }
}
