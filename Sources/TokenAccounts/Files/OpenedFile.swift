internal import Platform
internal import SystemPackage

/// An account file that was read, kept open for as long as its contents are in force.
///
/// Meanwhile the file system cannot give its inode number to a successor, so that equal stamps mean the same file.
final class OpenedFile: Sendable {
  let stamp: FileStamp
  let bytes: [UInt8]
  private let file: OpenFile

  /// The most bytes of an account file.
  static let bytesMax = 64 << 20

  /// Opens and reads the whole file.
  ///
  /// Returns nil if there is none.
  init?(path: String) throws(AccountError) {
    let file: OpenFile
    do throws(Errno) {
      // Opening does not wait, since a pipe in the file's place must not hang the caller.
      file = try OpenFile(reading: path, followsLinks: true, waits: false)
    } catch {
      if error == .noSuchFileOrDirectory { return nil }
      throw .system("cannot be opened", error, path: path, fix: "make it readable for the server's user")
    }
    (bytes, stamp) = try OpenedFile.read(file, path: path)
    self.file = file
  }

  private static func read(
    _ file: borrowing OpenFile, path: String
  ) throws(AccountError) -> ([UInt8], FileStamp) {
    let fix = "restore it from a copy"
    let status: FileStatus
    do { status = try file.status() } catch { throw .system("cannot be read", error, path: path, fix: fix) }
    guard status.kind == .file else {
      throw .inaccessible(path: path, what: "is not a regular file", fix: "move it away")
    }
    guard !status.exposure.othersCanChange else {
      let mode = FileExposure.text(ofMode: status.mode)
      throw .malformed(path: path, what: "others can change it (mode \(mode))", fix: "run chmod 600 \(path)")
    }
    let tooLarge = AccountError.inaccessible(path: path, what: "is larger than \(bytesMax >> 20) MiB", fix: fix)
    guard status.size <= bytesMax else { throw tooLarge }
    do throws(BoundedReadError) {
      return (try file.contents(bytesMax: bytesMax), status.stamp)
    } catch {
      switch error {
      case .tooLarge: throw tooLarge
      case .refused(let code): throw .system("cannot be read", code, path: path, fix: fix)
      }
    }
  }
}
