import Glibc

/// Whom a new account file belongs to.
enum FolderOwner {
  /// Gives what root made in another user's folder to that user: the server that runs as that user could not read it otherwise.
  static func take(_ descriptor: Int32, at path: String) {
    guard geteuid() == 0 else { return }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    var (owner, made) = (stat(), stat())
    guard unsafe stat(folder, &owner) == 0, owner.st_uid != 0 else { return }
    // A file that has another name too is not ours to give away: its owner may have linked somebody else's into the folder.
    guard unsafe fstat(descriptor, &made) == 0, made.st_nlink == 1 else { return }
    fchown(descriptor, owner.st_uid, owner.st_gid)
  }
}
