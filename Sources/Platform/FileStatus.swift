internal import Glibc
package import SystemPackage

/// The system's facts about a file, a folder or a link.
package struct FileStatus: Sendable {
  package enum Kind: Sendable, Hashable {
    case file, folder, link
    /// A pipe, a socket, a device.
    case other
  }

  package let kind: Kind
  /// The lowest twelve bits.
  package let mode: UInt32
  package let owner: UInt32
  package let group: UInt32
  package let size: Int64
  /// The file's number in its file system.
  package let number: UInt64
  /// The number of the file system.
  package let device: UInt64
  package let stamp: FileStamp
  /// Names that it has; of a folder: two, and one for each folder in it.
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

  /// Asks for what `path` names.
  package static func of(_ path: String, followsLinks: Bool = true) throws(Errno) -> FileStatus {
    var status = stat()
    let result = unsafe followsLinks ? stat(path, &status) : lstat(path, &status)
    guard result == 0 else { throw .current }
    return FileStatus(status)
  }

  /// Asks for what `path` names; nil if there is nothing, or nothing to be seen.
  package init?(_ path: String, followsLinks: Bool = true) {
    guard let status = try? FileStatus.of(path, followsLinks: followsLinks) else { return nil }
    self = status
  }

  package var isFolder: Bool { kind == .folder }
  package var isLink: Bool { kind == .link }
  package var exposure: FileExposure { FileExposure(mode: mode, group: group) }
}

/// A mark that tells one version of a file from another without reading it.
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

  /// The stamp of what `path` leads to now; nil if there is nothing, or nothing to be seen. One call of the system.
  package static func of(path: String) -> FileStamp? { FileStatus(path)?.stamp }
}

/// The access that others than its owner have to a file or folder: the one rule for keys, accounts, the log and the
/// data folder.
///
/// What others can change is refused, and keys that others can read. A group that the process is in itself counts as
/// its own: Kubernetes gives the files of a volume to such a group (`fsGroup`) and lets it read and change them. Any
/// other group is others.
package struct FileExposure: Sendable, Hashable {
  package let othersCanRead: Bool
  package let othersCanChange: Bool
  /// The process's own group can read or change it.
  package let isOpenToOwnGroup: Bool

  /// - Parameters:
  ///   - mode: as `stat` gives it.
  ///   - group: whose the file is.
  package init(mode: UInt32, group: UInt32, ownGroups: Set<UInt32> = FileExposure.ownGroups) {
    let isOwnGroup = ownGroups.contains(group)
    let others = mode & 0o007 | (isOwnGroup ? 0 : (mode & 0o070) >> 3)
    othersCanRead = others & 0o4 != 0
    othersCanChange = others & 0o2 != 0
    isOpenToOwnGroup = isOwnGroup && mode & 0o060 != 0
  }

  /// Asks for what the path leads to; nil if there is nothing, or nothing to be seen.
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

  /// The text of a mode: four digits in base eight.
  package static func text(ofMode mode: UInt32) -> String {
    String(mode & 0o7777, radix: 8, digits: 4)
  }
}
