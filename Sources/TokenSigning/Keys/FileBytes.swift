internal import Glibc

/// Whole small files through descriptors.
enum FileBytes {
  /// What the last failed call of this thread says.
  static var lastError: String { unsafe String(cString: strerror(errno)) }

  static func read(_ file: CInt, path: String, bytesMax: Int) throws(KeyFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe Glibc.read(file, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw KeyFailure(.inputOutput, path: path, "cannot be read: \(lastError)") }
      if count == 0 { return bytes }
      guard bytes.count + count <= bytesMax else {
        throw KeyFailure(.malformed, path: path, "is larger than \(bytesMax / 1024) KiB; give a file of keys only")
      }
      bytes += piece[..<count]
    }
  }

  /// False when a write failed; `errno` says why.
  static func write(_ bytes: [UInt8], to file: CInt) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { all in
        let rest = unsafe all[written...]
        return unsafe Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }

  /// The whole of a file that the user named, at most `bytesMax` bytes; links are followed.
  static func contents(of path: String, bytesMax: Int) throws(KeyFailure) -> [UInt8] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      let kind: KeyFailure.Kind = errno == ENOENT ? .missing : .inputOutput
      throw KeyFailure(kind, path: path, "cannot be opened: \(lastError); check the path and its permissions")
    }
    defer { close(file) }
    var status = stat()
    if unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw KeyFailure(.missing, path: path, "is a folder, not a file; name a file of keys")
    }
    return try read(file, path: path, bytesMax: bytesMax)
  }
}
