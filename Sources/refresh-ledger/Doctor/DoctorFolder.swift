import Platform
import SystemPackage

/// The findings on the data folder: its owner, the access of others, its disk.
struct DoctorFolder {
  let data: DataFolderOption

  private static let check = "data folder"

  func findings() -> [DoctorFinding] {
    let paths = FolderExposure.paths(in: data.path)
    let exposed = FolderExposure(folder: data.path).findings
    var findings: [DoctorFinding] = []
    var counts = (folders: 0, files: 0)
    for path in paths {
      guard let status = FileStatus(path, followsLinks: false) else { continue }
      if status.isFolder { counts.folders += 1 } else { counts.files += 1 }
      if let finding = ownership(path, status) {
        findings.append(finding)
      } else if let found = exposed.first(where: { $0.path == path }) {
        findings.append(finding(found))
      }
    }
    if findings.isEmpty {
      findings = [
        .ok(
          Self.check,
          "\(data.path): \(counts.folders) folders and \(counts.files) files are accessible only to their owner")
      ]
    }
    return findings + space() + fileSystem()
  }

  private func ownership(_ path: String, _ status: FileStatus) -> DoctorFinding? {
    guard status.owner != Program.userID else { return nil }
    let fix = "run this and the server as the same user; chown -R USER \(ShellText.quoted(data.path))"
    let what = "\(path) belongs to user \(status.owner), but this process runs as user \(Program.userID)"
    // Root can do everything. A volume can have another owner if its files belong to the group.
    let isUsable = Program.userID == 0 || FileSystem.isUsable(path, isFolder: status.isFolder)
    return isUsable ? .warning(Self.check, what, fix: fix) : .problem(Self.check, what, fix: fix)
  }

  private func finding(_ found: FolderExposure.Finding) -> DoctorFinding {
    let (path, quoted) = ("\(found.path) has mode \(found.mode)", ShellText.quoted(found.path))
    let fix = "chmod \(found.isFolder ? "700" : "600") \(quoted)"
    if found.isRefused {
      let who = found.isKey ? "whoever reads a key can make tokens" : "others can change it"
      return .problem(Self.check, "\(path): \(who)", fix: fix)
    }
    if found.othersCanLook { return .warning(Self.check, "\(path): other users can read it", fix: fix) }
    return .warning(
      Self.check, "\(path): the group of this process can access it, which is right for a volume with fsGroup", fix: fix
    )
  }

  private func space() -> [DoctorFinding] {
    guard let (free, hasFiles) = FileSystem.room(at: data.path) else { return [] }
    let shown = "\(FigureText.bytes(Double(free))) free"
    if !hasFiles {
      return [.problem("space", "the disk has no room for another file", fix: "remove files from it")]
    }
    if free < 64 << 20 {
      return [
        .problem(
          "space", "\(shown): the log will soon have no space left", fix: "free space on the disk of \(data.path)")
      ]
    }
    return free < 1 << 30
      ? [.warning("space", shown, fix: "free space on the disk of \(data.path), or lower log.checkpointEvery")]
      : [.ok("space", shown)]
  }

  private func fileSystem() -> [DoctorFinding] {
    guard let status = FileStatus(data.path),
      let mounts = try? InputFile.read("/proc/self/mountinfo", "list of mounts", bytesMax: 4 << 20)
    else { return [] }
    let kind = MountedKind.find(device: status.device, in: String(decoding: mounts, as: UTF8.self))
    let name = "file system"
    switch kind {
    case "tmpfs", "ramfs":
      return [
        .warning(
          name, "\(kind ?? ""): everything is lost when the machine restarts", fix: "put the data folder on a disk")
      ]
    case "nfs", "nfs4", "cifs", "smb3":
      return [
        .warning(
          name, "\(kind ?? ""), on another machine: its locks and syncs are only as good as that machine's",
          fix: "put the data folder on a local disk")
      ]
    case "overlay":
      return [
        .warning(
          name, "a container's own layer: everything is lost with the container", fix: "put the data folder on a volume"
        )
      ]
    default: return []
    }
  }
}

/// The kind of a mounted file system, found in the system's list of mounts by its device number.
enum MountedKind {
  /// Returns the kind, such as `ext4` or `tmpfs`, or nil if the list has no such device.
  ///
  /// `mounts` is `/proc/self/mountinfo` (proc(5)).
  static func find(device: UInt64, in mounts: String) -> String? {
    let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
    let minor = device & 0xFF | (device >> 12) & ~0xFF
    for line in mounts.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      guard words.count > 3, words[2] == "\(major):\(minor)", let dash = words.firstIndex(of: "-"),
        dash + 1 < words.count
      else { continue }
      return String(words[dash + 1])
    }
    return nil
  }
}
