internal import Glibc
package import SystemPackage

/// The system's facts about a file, a folder or a link.
package struct FileStatus: Sendable {
  package enum Kind: Sendable, Hashable {
    case file, folder, link
    /// A pipe, a socket or a device.
    case other
  }

  package let kind: Kind
  /// The lowest twelve bits of the mode.
  package let mode: UInt32
  package let owner: UInt32
  package let group: UInt32
  package let size: Int64
  /// The file's number in its file system.
  package let number: UInt64
  /// The number of the file system.
  package let device: UInt64
  package let stamp: FileStamp
  /// The number of names of a file; a folder has two, and one for each folder in it.
  let linkCount: Int

  init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
    mode = UInt32(status.st_mode & 0o7777)
    owner = status.st_uid
    group = status.st_gid
    size = Int64(status.st_size)
    number = UInt64(status.st_ino)
    device = UInt64(status.st_dev)
    linkCount = Int(status.st_nlink)
    stamp = FileStamp(status)
  }

  /// Returns the status of what `path` names.
  package static func of(_ path: String, followsLinks: Bool = true) throws(Errno) -> FileStatus {
    var status = stat()
    let result = unsafe followsLinks ? stat(path, &status) : lstat(path, &status)
    guard result == 0 else { throw .current }
    return FileStatus(status)
  }

  /// Creates the status of what `path` names, or returns nil if there is nothing or it cannot be seen.
  package init?(_ path: String, followsLinks: Bool = true) {
    guard let status = try? FileStatus.of(path, followsLinks: followsLinks) else { return nil }
    self = status
  }

  package var isFolder: Bool { kind == .folder }
  package var isLink: Bool { kind == .link }
  package var exposure: FileExposure { FileExposure(mode: mode, group: group) }
}

/// A stamp that tells one version of a file from another without reading it.
package struct FileStamp: Sendable, Hashable {
  private let device: UInt64
  private let inode: UInt64
  private let size: Int64
  private let modifiedSeconds: Int
  private let modifiedNanoseconds: Int
  private let changedSeconds: Int
  private let changedNanoseconds: Int

  fileprivate init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    modifiedSeconds = status.st_mtim.tv_sec
    modifiedNanoseconds = status.st_mtim.tv_nsec
    changedSeconds = status.st_ctim.tv_sec
    changedNanoseconds = status.st_ctim.tv_nsec
  }

  /// Returns the present stamp of what `path` leads to, or nil if there is nothing or it cannot be seen.
  ///
  /// The cost is one system call.
  package static func of(path: String) -> FileStamp? { FileStatus(path)?.stamp }
}

/// The access that others than the owner have to a file or folder: the one rule for keys, accounts, the log and the
/// data folder.
///
/// Files that others can change are refused, and so are keys that others can read. A group that the process itself is
/// in counts as its own: Kubernetes gives the files of a volume to such a group (`fsGroup`) and lets it read and change
/// them. Any other group counts as others.
package struct FileExposure: Sendable, Hashable {
  package let othersCanRead: Bool
  package let othersCanChange: Bool
  /// True if the process's own group can read or change the file.
  package let isOpenToOwnGroup: Bool

  /// - Parameters:
  ///   - mode: The mode as `stat` gives it.
  ///   - group: The group of the file.
  ///   - ownGroups: The groups that count as the process's own.
  package init(mode: UInt32, group: UInt32, ownGroups: Set<UInt32> = FileExposure.ownGroups) {
    let isOwnGroup = ownGroups.contains(group)
    let others = mode & 0o007 | (isOwnGroup ? 0 : (mode & 0o070) >> 3)
    othersCanRead = others & 0o4 != 0
    othersCanChange = others & 0o2 != 0
    isOpenToOwnGroup = isOwnGroup && mode & 0o060 != 0
  }

  /// Creates the exposure of what the path leads to, or returns nil if there is nothing or it cannot be seen.
  package init?(path: String) {
    guard let status = FileStatus(path) else { return nil }
    self = status.exposure
  }

  /// The groups of this process.
  package static var ownGroups: Set<UInt32> {
    var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
    let count = unsafe getgroups(CInt(groups.count), &groups)
    return Set(groups.prefix(Int(max(0, count))).map { UInt32($0) } + [UInt32(getegid())])
  }

  /// Returns the text of a mode: four octal digits.
  package static func text(ofMode mode: UInt32) -> String {
    String(mode & 0o7777, radix: 8, digits: 4)
  }
}
