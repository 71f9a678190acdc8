import Glibc
import SystemPackage

/// The server's data folder.
enum DataFolder {
  /// Makes the folder with mode 0700; one that exists is left as it is.
  static func make(_ path: String) throws(CommandFailure) {
    guard mkdir(path, 0o700) != 0 else { return syncParent(of: path) }
    let code = errno
    if code == EEXIST, FileStatus(path)?.isFolder == true { return }
    let reason = code == EEXIST ? "it is not a folder" : String(cString: strerror(code))
    throw CommandFailure(
      .cannotCreate,
      "\(path): cannot make the data folder: \(reason); name one whose parent exists and is writable")
  }

  /// For a command that makes a log, where `path` is one already.
  static func holdsLog(_ path: String) -> CommandFailure {
    CommandFailure(.cannotCreate, "\(path): there is a log already; name another folder, or move that one away")
  }

  /// Makes the folder's own name durable, where the system lets us: without it a power loss may take the whole of it away.
  private static func syncParent(of path: String) {
    let parent = FilePath(path).removingLastComponent()
    guard
      let opened = try? FileDescriptor.open(
        parent.isEmpty ? "." : parent, .readOnly, options: [.directory, .closeOnExec])
    else { return }
    fsync(opened.rawValue)
    try? opened.close()
  }
}
