// The system's `stat` counts as Dispatch's where that was loaded first.
import CDispatch
import Glibc

/// The facts that the system tells of a path.
struct FileStatus {
  /// The lowest twelve bits.
  let mode: UInt32
  let owner: UInt32
  /// The number of the file in its file system.
  let number: UInt64
  /// The number of the file system.
  let device: UInt64
  let isFolder: Bool
  let isLink: Bool

  /// Looks at the path; nil if nothing is there or can be seen, and `errno` says why.
  init?(_ path: String, followsLinks: Bool = true) {
    var status = stat()
    guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
    mode = UInt32(status.st_mode & 0o7777)
    owner = UInt32(status.st_uid)
    number = UInt64(status.st_ino)
    device = UInt64(status.st_dev)
    isFolder = status.st_mode & S_IFMT == S_IFDIR
    isLink = status.st_mode & S_IFMT == S_IFLNK
  }
}

/// The names in a folder.
enum FolderNames {
  /// Lists the names; nil if the folder cannot be read or is not there.
  static func list(_ folder: String) -> [String]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
