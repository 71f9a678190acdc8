internal import Glibc
package import SystemPackage

/// Advisory locks on open files and folders.
///
/// A lock belongs to the open file, so that it excludes two programs and two values in one program alike. It is
/// released with the value, and when the program ends.
private enum AdvisoryLock {
  private static let pauseMicroseconds: UInt32 = 5_000

  /// Attempts to take the lock this many times, one every 5 ms.
  ///
  /// Returns false if another holder has it at each attempt.
  static func take(_ descriptor: CInt, tries: Int) throws(Errno) -> Bool {
    for number in 1...max(1, tries) {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
      guard errno == EWOULDBLOCK || errno == EINTR else { throw .current }
      if number < tries { usleep(pauseMicroseconds) }
    }
    return false
  }
}

extension OpenFile {
  /// Opens a file for locking: an empty one, which is created if it does not exist and must never be removed.
  package static func lockFile(_ path: String) throws(Errno) -> OpenFile {
    do throws(Errno) {
      let made = try OpenFile(making: path)
      made.giveToOwner(of: FileSystem.folder(of: path))
      return made
    } catch {
      guard error == .fileExists else { throw error }
      return try OpenFile(changing: path)
    }
  }

  /// Attempts to take the lock this many times, one every 5 ms.
  ///
  /// Returns false if another holder has it.
  package func lock(tries: Int = 1) throws(Errno) -> Bool {
    try AdvisoryLock.take(descriptor, tries: tries)
  }
}

extension OpenFolder {
  /// Attempts to take the lock this many times, one every 5 ms.
  ///
  /// Returns false if another holder has it.
  package func lock(tries: Int = 1) throws(Errno) -> Bool {
    try AdvisoryLock.take(descriptor, tries: tries)
  }
}
