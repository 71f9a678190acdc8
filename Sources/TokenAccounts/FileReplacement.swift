internal import Glibc

/// The advisory lock that one change of an account file holds, on a file beside it that is never removed.
///
/// `flock` belongs to the open file, so it keeps apart two programs and two values in one program alike, and a program
/// that dies lets go of it.
struct FileLock: ~Copyable {
  private let descriptor: Int32
  private static let tries = 2_000
  private static let pauseMicroseconds: UInt32 = 5_000

  /// Waits up to ten seconds for the lock, by asking every 5 ms.
  init(path: String) throws(AccountFailure) {
    var opened = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if opened >= 0 {
      FolderOwner.take(opened, at: path)
    } else if errno == EEXIST {
      opened = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    }
    guard opened >= 0 else {
      throw .system("cannot be opened", path: path, fix: "make the folder writable for this user")
    }
    for _ in 0..<FileLock.tries {
      if flock(opened, LOCK_EX | LOCK_NB) == 0 {
        descriptor = opened
        return
      }
      guard errno == EWOULDBLOCK || errno == EINTR else { break }
      usleep(FileLock.pauseMicroseconds)
    }
    close(opened)
    throw .locked(path: path)
  }

  deinit { close(descriptor) }
}

/// Replaces a file as a whole: readers see the old contents or the new, also after a power loss.
package enum FileReplacement {
  /// Writes `bytes` beside `path` with mode 0600, syncs them, renames them over `path` and syncs the folder.
  ///
  /// Call under the file's lock. Where it throws, the old file stands, save where the last step failed: then the new
  /// one does and may not survive a power loss.
  package static func replace(path: String, with bytes: [UInt8]) throws(AccountFailure) {
    let fix = "free space on the disk and make the folder writable for this user"
    let staged = path + ".tmp"
    // What a crash left behind; the lock keeps others away from it.
    unsafe unlink(staged)
    let descriptor = unsafe open(staged, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .system("cannot be created", path: staged, fix: fix) }
    do throws(AccountFailure) {
      defer { close(descriptor) }
      FolderOwner.take(descriptor, at: staged)
      guard fchmod(descriptor, 0o600) == 0, write(bytes, to: descriptor), fsync(descriptor) == 0 else {
        throw .system("cannot be written", path: staged, fix: fix)
      }
      guard unsafe rename(staged, path) == 0 else { throw .system("cannot be replaced", path: path, fix: fix) }
    } catch {
      unsafe unlink(staged)
      throw error
    }
    try syncFolder(of: path)
  }

  /// A rename would put a file in the link's place and leave its target as it was.
  static func isSymbolicLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    unsafe bytes.withUnsafeBytes { buffer in
      var rest = unsafe buffer[...]
      while unsafe !rest.isEmpty {
        let count = unsafe Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        unsafe rest = rest.dropFirst(count)
      }
      return true
    }
  }

  private static func syncFolder(of path: String) throws(AccountFailure) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("cannot be opened", path: folder, fix: "make it readable") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system("cannot be synced", path: folder, fix: "check the disk") }
  }
}

/// Whom a new account file belongs to.
enum FolderOwner {
  /// Gives what root made in another user's folder to that user: the server that runs as that user could not read it otherwise. Only
  /// for a file that was made with `O_EXCL`: anything else may have been put there by its owner to be given it.
  static func take(_ descriptor: Int32, at path: String) {
    guard geteuid() == 0 else { return }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    var owner = stat()
    guard unsafe stat(folder, &owner) == 0, owner.st_uid != 0 else { return }
    fchown(descriptor, owner.st_uid, owner.st_gid)
  }
}
