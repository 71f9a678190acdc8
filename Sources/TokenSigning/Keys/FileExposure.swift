internal import Glibc

/// Who besides its owner can get at a file or folder: the one rule for keys, accounts, the log and the data folder.
///
/// What others can change is refused, and keys that others can read. A group that the process is in itself counts as its own: Kubernetes
/// gives the files of a volume to such a group (`fsGroup`) and lets it read and change them. Any other group is others.
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

  /// Of what the path leads to; nil where there is nothing, or nothing to be seen.
  package init?(path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(mode: UInt32(status.st_mode), group: UInt32(status.st_gid))
  }

  /// The groups of this process.
  package static var ownGroups: Set<UInt32> {
    var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
    let count = unsafe getgroups(CInt(groups.count), &groups)
    return Set(groups.prefix(Int(max(0, count))).map { UInt32($0) } + [UInt32(getegid())])
  }

  /// Of a mode: four digits in base eight.
  package static func text(ofMode mode: UInt32) -> String {
    let digits = String(mode & 0o7777, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
  }
}
