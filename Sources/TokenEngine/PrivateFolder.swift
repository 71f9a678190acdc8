internal import SystemPackage

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Folders that only their owner may enter.
enum PrivateFolder {
  /// Makes the folder with mode 0700; one that exists is left as it is.
  static func make(_ folder: FilePath) throws(Errno) {
    let status = unsafe folder.withPlatformString { path in unsafe mkdir(path, 0o700) }
    guard status != 0 else { return }
    let failure = Errno(rawValue: errno)
    if failure != .fileExists { throw failure }
  }
}
