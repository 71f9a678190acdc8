internal import Platform
internal import SystemPackage
internal import WriteAheadLog

/// A folder that only its owner may change.
enum PrivateFolder {
  /// Returns the reason that a data folder cannot be trusted, or nil if it can: others can change the folder, its log,
  /// or a file of the log.
  static func fault(in folder: FilePath) -> String? {
    let log = folder.appending("log")
    let files = (try? FolderStorage(path: log).names()) ?? []
    for path in [folder, log] + files.map({ log.appending($0) }) {
      guard let exposure = FileExposure(path: path.string), exposure.othersCanChange else { continue }
      return "\(path): others can change it; run: chmod go-w \(path)"
    }
    return nil
  }

  /// Creates the folder with mode 0700; an existing one is left as it is.
  static func make(_ folder: FilePath) throws(Errno) {
    _ = try FileSystem.makeFolder(folder.string)
  }
}
