internal import Glibc

/// The rule by which root gives away what it makes: in another user's folder it is that user's. The server that runs as that user could not read
/// it otherwise.
///
/// Only for what the caller has just made itself: anything else may have been put there by its owner to be given it. A
/// refusal by the system is no failure: the file stays root's.
extension OpenFile {
  /// Gives a file that was made in `folder` to the folder's owner.
  package func giveToOwner(of folder: String) {
    guard geteuid() == 0, let status = FileStatus(folder) else { return }
    give(toOwnerOf: status)
  }

  func give(toOwnerOf folder: FileStatus) {
    guard geteuid() == 0, folder.owner != 0 else { return }
    fchown(descriptor, folder.owner, folder.group)
  }
}

extension OpenFolder {
  /// Gives this folder, which was just made and is empty, to the owner of the one that it is in.
  package func giveToParentsOwner() {
    guard geteuid() == 0, let own = try? status(), own.owner == 0, own.linkCount <= 2 else { return }
    var parent = stat()
    guard unsafe fstatat(descriptor, "..", &parent, 0) == 0, parent.st_uid != 0 else { return }
    fchown(descriptor, parent.st_uid, parent.st_gid)
  }
}
