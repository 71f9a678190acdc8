import Glibc

/// Whom a new account file belongs to.
enum FolderOwner {
  /// Gives what root made in another user's folder to that user: the server that runs as that user could not read it otherwise.
  static func take(_ descriptor: Int32, at path: String) {
    guard geteuid() == 0 else { return }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    var status = stat()
    guard unsafe stat(folder, &status) == 0, status.st_uid != 0 else { return }
    fchown(descriptor, status.st_uid, status.st_gid)
  }
}
