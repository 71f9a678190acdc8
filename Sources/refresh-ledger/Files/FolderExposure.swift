import Logging
import Platform

/// The files of a data folder that others, or the process's own group, can read or change.
struct FolderExposure {
  /// A file or folder to which others than its owner have access, with the consequence.
  struct Finding {
    var path: String
    var mode: String
    var isFolder: Bool
    var exposure: FileExposure
    var isKey: Bool

    /// True if the server refuses to work with it.
    var isRefused: Bool { exposure.othersCanChange || isKey && exposure.othersCanRead }
    var othersCanLook: Bool { !isRefused && exposure.othersCanRead }
  }

  /// The findings in the order of their paths.
  let findings: [Finding]
  private let folder: String

  init(folder: String) {
    self.folder = folder
    findings = FolderExposure.paths(in: folder).compactMap { path in
      // The target of a link has a mode of its own, which is checked when it is read.
      guard let status = FileStatus(path, followsLinks: path == folder), !status.isLink,
        let exposure = FileExposure(path: path)
      else { return nil }
      guard exposure.othersCanRead || exposure.othersCanChange || exposure.isOpenToOwnGroup else { return nil }
      return Finding(
        path: path, mode: FileExposure.text(ofMode: status.mode), isFolder: status.isFolder, exposure: exposure,
        isKey: path.hasPrefix("\(folder)/keys/"))
    }
  }

  /// Returns the paths of the folder, and of the server's files in it, in `keys` and in `log`.
  ///
  /// Other files are not checked.
  static func paths(in folder: String) -> [String] {
    let names = ((try? FileSystem.names(in: folder)) ?? []).filter { name in
      ["keys", "log", IssuerFile.name].contains(name) || ["clients.", "users."].contains { name.hasPrefix($0) }
    }
    var paths = [folder] + names.sorted().map { "\(folder)/\($0)" }
    for inner in ["\(folder)/keys", "\(folder)/log"] {
      for name in ((try? FileSystem.names(in: inner)) ?? []).sorted() { paths.append("\(inner)/\(name)") }
    }
    return paths
  }

  /// Warns, in at most two lines, about accepted access that should be known.
  func warn(_ logger: Logger) {
    let quoted = ShellText.quoted(folder)
    if let first = findings.first(where: { $0.exposure.isOpenToOwnGroup }) {
      logger.warning(
        "the server's own group can read or change \(first.path) (mode \(first.mode)) and possibly more; this is right for a volume with fsGroup, otherwise run: chmod -R g-rwx \(quoted)"
      )
    }
    // Others who can list a folder see only names.
    if let first = findings.first(where: { $0.othersCanLook && !$0.isFolder }) {
      logger.warning(
        "others can read \(first.path) (mode \(first.mode)) and possibly more; run: chmod -R o-rwx \(quoted)")
    }
  }
}
