internal import Glibc
package import SystemPackage

/// Advisory locks on open files and folders.
///
/// A lock belongs to the open file, so it keeps apart two programs and two values in one program alike; it is let go of
/// with the value, and with a program that dies.
private enum AdvisoryLock {
  private static let pauseMicroseconds: UInt32 = 5_000

  /// False if another has it at each of so many tries, one every 5 ms.
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
  /// Opens a file to lock: an empty one, made where there is none, and never to be removed.
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

  /// Asks for the lock so often, every 5 ms; false if another has it.
  package func lock(tries: Int = 1) throws(Errno) -> Bool {
    try AdvisoryLock.take(descriptor, tries: tries)
  }
}

extension OpenFolder {
  /// Asks for the lock so often, every 5 ms; false if another has it.
  package func lock(tries: Int = 1) throws(Errno) -> Bool {
    try AdvisoryLock.take(descriptor, tries: tries)
  }
}
