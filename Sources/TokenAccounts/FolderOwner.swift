import Glibc

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
