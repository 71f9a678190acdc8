internal import Glibc
package import SystemPackage

/// An open folder, which is closed at the end of its life.
///
/// Its files are named relative to it, so that a path that is swapped meanwhile cannot lead elsewhere.
package struct OpenFolder: ~Copyable, Sendable {
  let descriptor: CInt

  private init(_ descriptor: CInt) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Opens an existing folder.
  ///
  /// A path that ends in a symbolic link is refused with `.notDirectory` unless `followsLinks` is true.
  package init(_ path: String, followsLinks: Bool = true) throws(Errno) {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followsLinks ? 0 : O_NOFOLLOW)
    self.init(try Errno.untilUninterrupted { unsafe Glibc.open(path, flags) })
  }

  /// Returns the parent folder.
  package func parent() throws(Errno) -> OpenFolder {
    OpenFolder(
      try Errno.untilUninterrupted { unsafe openat(descriptor, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
  }

  package func status() throws(Errno) -> FileStatus {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .current }
    return FileStatus(status)
  }

  /// Gives this folder, which was just created and is empty, to the owner of its parent folder, by the rule of files.
  package func giveToParentsOwner() {
    guard geteuid() == 0, let own = try? status(), own.owner == 0, own.linkCount <= 2 else { return }
    var parent = stat()
    guard unsafe fstatat(descriptor, "..", &parent, 0) == 0, parent.st_uid != 0 else { return }
    fchown(descriptor, parent.st_uid, parent.st_gid)
  }

  /// Opens a file, which must not be a link, for reading.
  ///
  /// Returns nil if there is none. A pipe in its place does not hang the caller.
  package func openIfPresent(reading name: String) throws(Errno) -> OpenFile? {
    do throws(Errno) {
      let file = try Errno.untilUninterrupted {
        unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
      }
      return OpenFile(file)
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
      return nil
    }
  }

  /// Creates a file of mode 0600 for writing.
  ///
  /// If this process is root, the file goes to the folder's owner.
  ///
  /// - Throws: `.fileExists` if the name is taken.
  package func make(_ name: String) throws(Errno) -> OpenFile {
    let file = OpenFile(
      try Errno.untilUninterrupted {
        unsafe openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, OpenFile.mode)
      })
    if let status = try? status() { file.give(toOwnerOf: status) }
    return file
  }

  package func rename(_ name: String, to newName: String) throws(Errno) {
    guard unsafe renameat(descriptor, name, descriptor, newName) == 0 else { throw .current }
  }

  /// Gives a file another name.
  ///
  /// - Throws: `.fileExists` if the name is taken, since a link never replaces.
  package func link(_ name: String, to newName: String) throws(Errno) {
    guard unsafe linkat(descriptor, name, descriptor, newName, 0) == 0 else { throw .current }
  }

  package func remove(_ name: String) throws(Errno) {
    guard unsafe unlinkat(descriptor, name, 0) == 0 else { throw .current }
  }

  /// Makes the names in the folder durable.
  package func sync() throws(Errno) {
    guard fsync(descriptor) == 0 else { throw .current }
  }
}
