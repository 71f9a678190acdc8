internal import Platform
internal import SystemPackage
internal import WriteAheadLog

/// Folders that only their owner may change.
enum PrivateFolder {
  /// Why a data folder cannot be trusted: others can change it, its log or a file of that; nil where they cannot.
  static func fault(in folder: FilePath) -> String? {
    let log = folder.appending("log")
    let files = (try? FolderStorage(path: log).names()) ?? []
    for path in [folder, log] + files.map({ log.appending($0) }) {
      guard let exposure = FileExposure(path: path.string), exposure.othersCanChange else { continue }
      return "\(path): others can change it; run: chmod go-w \(path)"
    }
    return nil
  }

  /// Makes the folder with mode 0700; one that exists is left as it is.
  static func make(_ folder: FilePath) throws(Errno) {
    _ = try FileSystem.makeFolder(folder.string)
  }
}
