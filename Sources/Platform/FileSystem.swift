internal import Glibc
package import SystemPackage

/// Calls on files and folders by their paths.
package enum FileSystem {
  /// Returns the names in a folder, in any order.
  package static func names(in folder: String) throws(Errno) -> [String] {
    guard let stream = unsafe opendir(folder) else { throw .current }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        guard errno == 0 else { throw .current }
        return names
      }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  /// Creates a folder of mode 0700.
  ///
  /// Returns false if something has the name already, which is left unchanged.
  package static func makeFolder(_ path: String) throws(Errno) -> Bool {
    if unsafe mkdir(path, 0o700) == 0 { return true }
    guard errno == EEXIST else { throw .current }
    return false
  }

  /// Renames a file, and replaces `newPath` if it exists.
  ///
  /// The change is durable once the folder is synced.
  package static func rename(_ path: String, to newPath: String) throws(Errno) {
    guard unsafe Glibc.rename(path, newPath) == 0 else { throw .current }
  }

  /// Gives a file another name.
  ///
  /// - Throws: `.fileExists` if the name is taken, since a link never replaces.
  package static func link(_ path: String, to newPath: String) throws(Errno) {
    guard unsafe Glibc.link(path, newPath) == 0 else { throw .current }
  }

  /// Removes a file.
  ///
  /// The change is durable once the folder is synced.
  package static func remove(_ path: String) throws(Errno) {
    guard unsafe unlink(path) == 0 else { throw .current }
  }

  /// Removes a file if it exists.
  package static func removeIfPresent(_ path: String) throws(Errno) {
    do throws(Errno) { try remove(path) } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
    }
  }

  /// Returns the folder part of a path.
  package static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
  }

  /// Returns the last part of a path.
  package static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// Returns the room left on the disk of `path`: the bytes, and whether another file can be created.
  ///
  /// Returns nil if the room is unknown.
  package static func room(at path: String) -> (bytes: UInt64, hasFiles: Bool)? {
    var status = statvfs()
    guard unsafe statvfs(path, &status) == 0 else { return nil }
    let hasFiles = status.f_files == 0 || status.f_favail > 0
    return (UInt64(status.f_bavail) * UInt64(status.f_frsize), hasFiles)
  }

  /// Checks whether this process can read and change what `path` names, and access its entries if it is a folder.
  package static func isUsable(_ path: String, isFolder: Bool) -> Bool {
    unsafe access(path, isFolder ? R_OK | W_OK | X_OK : R_OK | W_OK) == 0
  }
}
