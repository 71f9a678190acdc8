import Glibc
import SystemPackage

/// The data folder: whose it is, who else may look into it, on what disk it is.
struct DoctorFolder {
  let data: DataFolderOption

  private static let check = "data folder"

  /// A folder that is missing, or is none, is 66.
  static func requireFolder(_ path: String) throws(CommandFailure) {
    guard let status = FileStatus(path) else {
      let reason = errno
      guard reason == ENOENT else {
        throw CommandFailure(
          .inputOutput,
          "\(path): cannot look at the data folder: \(String(cString: strerror(reason))); run this as the server's user"
        )
      }
      throw CommandFailure(
        .noInput, "\(path): there is no such data folder; name it with --data, or make one with refresh-ledger init")
    }
    guard status.isFolder else {
      throw CommandFailure(.noInput, "\(path): is not a folder; name the server's data folder with --data")
    }
  }

  func findings() -> [DoctorFinding] {
    var findings: [DoctorFinding] = []
    var counts = (folders: 0, files: 0)
    for path in paths() {
      guard let status = FileStatus(path, followsLinks: false) else { continue }
      if status.isFolder { counts.folders += 1 } else { counts.files += 1 }
      findings += finding(path, status).map { [$0] } ?? []
    }
    if findings.isEmpty {
      findings = [
        .ok(Self.check, "\(data.path): \(counts.folders) folders and \(counts.files) files are their owner's alone")
      ]
    }
    return findings + space() + fileSystem()
  }

  /// The folder, and what is in it and in `keys` and `log`. Files of others are not ours to judge.
  private func paths() -> [String] {
    let names = (FolderNames.list(data.path) ?? []).filter { name in
      ["keys", "log"].contains(name) || ["clients.", "users."].contains { name.hasPrefix($0) }
    }
    var paths = [data.path] + names.sorted().map { "\(data.path)/\($0)" }
    for folder in ["\(data.path)/keys", "\(data.path)/log"] {
      for name in (FolderNames.list(folder) ?? []).sorted() { paths.append("\(folder)/\(name)") }
    }
    return paths
  }

  private func finding(_ path: String, _ status: FileStatus) -> DoctorFinding? {
    let quoted = StartBanner.quoted(path)
    if status.owner != geteuid() {
      let mend = "run this and the server as the same user; chown -R USER \(StartBanner.quoted(data.path))"
      let what = "\(path) belongs to user \(status.owner), and this is user \(geteuid())"
      return geteuid() == 0 ? .warning(Self.check, what, mend: mend) : .problem(Self.check, what, mend: mend)
    }
    // What a link points to has modes of its own.
    guard status.permissions & 0o077 != 0, !status.isLink else { return nil }
    let mode = "0" + String(status.permissions, radix: 8)
    let mend = "chmod \(status.isFolder ? "700" : "600") \(quoted)"
    let isSecret = path.hasPrefix("\(data.path)/keys/")
    if status.permissions & 0o022 != 0 || isSecret {
      let who = isSecret ? "whoever reads a key can make tokens" : "others can change it"
      return .problem(Self.check, "\(path) has mode \(mode): \(who)", mend: mend)
    }
    return .warning(Self.check, "\(path) has mode \(mode): others can look at it", mend: mend)
  }

  private func space() -> [DoctorFinding] {
    var status = statvfs()
    guard statvfs(data.path, &status) == 0 else { return [] }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    let shown = "\(FigureText.bytes(Double(free))) free"
    if status.f_files > 0, status.f_favail == 0 {
      return [.problem("space", "the disk has no room for another file", mend: "remove files from it")]
    }
    if free < 64 << 20 {
      return [
        .problem("space", "\(shown): the log cannot go on for long", mend: "free space on the disk of \(data.path)")
      ]
    }
    return free < 1 << 30
      ? [.warning("space", shown, mend: "free space on the disk of \(data.path), or lower log.checkpointEvery")]
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
        .warning(name, "\(kind ?? ""): all is gone when the machine restarts", mend: "put the data folder on a disk")
      ]
    case "nfs", "nfs4", "cifs", "smb3":
      return [
        .warning(
          name, "\(kind ?? ""), of another machine: its locks and syncs are only as good as that machine's",
          mend: "put the data folder on a local disk")
      ]
    case "overlay":
      return [
        .warning(
          name, "a container's own layer: all is gone with the container", mend: "put the data folder on a volume")
      ]
    default: return []
    }
  }
}
