internal import Platform
internal import SystemPackage
internal import WriteAheadLog

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

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
    let status = unsafe folder.withPlatformString { path in unsafe mkdir(path, 0o700) }
    guard status != 0 else { return }
    let failure = Errno(rawValue: errno)
    if failure != .fileExists { throw failure }
  }
}
