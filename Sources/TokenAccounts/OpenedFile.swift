internal import Glibc
internal import Platform
internal import TokenEngine

/// An account file that was read, kept open for as long as its contents are in force: while it is, the file system
/// cannot give its inode number to a successor, and equal stamps mean the same file.
final class OpenedFile: Sendable {
  let stamp: FileStamp
  let bytes: [UInt8]
  private let descriptor: Int32

  /// The most bytes of an account file.
  static let bytesMax = 64 << 20

  /// Opens and reads the whole file; nil where there is none.
  init?(path: String) throws(AccountFailure) {
    // O_NONBLOCK: a pipe in the file's place must not hang the caller.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw .system("cannot be opened", path: path, fix: "make it readable for the server's user")
    }
    do throws(AccountFailure) {
      (bytes, stamp) = try OpenedFile.read(descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static func read(_ descriptor: Int32, path: String) throws(AccountFailure) -> ([UInt8], FileStamp) {
    let fix = "restore it from a copy"
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system("cannot be read", path: path, fix: fix) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .inaccessible(path: path, what: "is not a regular file", fix: "move it away")
    }
    guard !FileExposure(mode: UInt32(status.st_mode), group: UInt32(status.st_gid)).othersCanChange else {
      let mode = FileExposure.text(ofMode: UInt32(status.st_mode))
      throw .malformed(path: path, what: "others can change it (mode \(mode))", fix: "run chmod 600 \(path)")
    }
    let tooLarge = AccountFailure.inaccessible(path: path, what: "is larger than \(bytesMax >> 20) MiB", fix: fix)
    guard status.st_size <= bytesMax else { throw tooLarge }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(status.st_size) + 1)
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = unsafe Glibc.read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system("cannot be read", path: path, fix: fix) }
      if count == 0 { return (bytes, FileStamp(status)) }
      bytes += piece.prefix(count)
      guard bytes.count <= bytesMax else { throw tooLarge }
    }
  }
}

extension AccountFailure {
  /// The failure of a system call that has just set `errno`.
  static func system(_ what: String, path: String, fix: String) -> AccountFailure {
    .inaccessible(path: path, what: "\(what) (\(unsafe String(cString: strerror(errno))))", fix: fix)
  }
}
