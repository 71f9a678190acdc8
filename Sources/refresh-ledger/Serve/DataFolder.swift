import Glibc
import Platform
import SystemPackage
import TokenAccounts

/// The server's data folder.
enum DataFolder {
  /// Makes the folder with mode 0700, or takes the one that exists, which must be a data folder already or hold nothing.
  ///
  /// - Parameter files: paths of files that may lie in it, such as the configuration.
  static func take(_ path: String, beside files: [String] = []) throws(CommandFailure) {
    guard mkdir(path, 0o700) != 0 else { return syncParent(of: path) }
    let code = errno
    guard code == EEXIST, let status = FileStatus(path) else {
      throw CommandFailure(
        .cannotCreate,
        "\(path): cannot make the data folder: \(String(cString: strerror(code))); name one whose parent exists and is writable"
      )
    }
    guard status.isFolder else {
      throw CommandFailure(.cannotCreate, "\(path): is a file, not a folder; name another folder with --data")
    }
    if let stranger = stranger(in: path, beside: files) {
      throw CommandFailure(
        .cannotCreate,
        "\(path): is not a data folder: it holds \(stranger.shown) and nothing of refresh-ledger; name an empty or a new folder with --data"
      )
    }
    if FileExposure(path: path)?.othersCanChange == true {
      throw CommandFailure(
        .configuration,
        "\(path): others can change this folder; name a new one below it, or run: chmod go-w \(StartBanner.quoted(path))"
      )
    }
  }

  /// A folder that must exist, and be a data folder or hold nothing: a mistyped one must not become a new one.
  static func require(_ path: String) throws(CommandFailure) {
    guard let status = FileStatus(path) else {
      let reason = errno
      guard reason == ENOENT || reason == ENOTDIR else {
        throw CommandFailure(
          .inputOutput,
          "\(path): cannot look at the data folder: \(String(cString: strerror(reason))); run this as the server's user"
        )
      }
      throw CommandFailure(
        .noInput,
        "\(path): there is no such data folder; name it with --data, or make one with refresh-ledger init")
    }
    guard status.isFolder else {
      throw CommandFailure(.noInput, "\(path): is a file, not a folder; name the server's data folder with --data")
    }
    if let stranger = stranger(in: path, beside: []) {
      throw CommandFailure(
        .noInput,
        "\(path): is not a data folder: it holds \(stranger.shown) and nothing of refresh-ledger; name the server's with --data"
      )
    }
  }

  /// What a folder holds that is not a data folder; nil for one that is, that is empty, or that cannot be read.
  private static func stranger(in path: String, beside files: [String]) -> String? {
    guard let names = FolderNames.list(path), !isOurs(path, names) else { return nil }
    let named = Set(files.compactMap { FileStatus($0)?.number })
    return names.sorted().first { name in
      !ownNames.contains(name) && !emptyNames.contains(name) && !name.hasPrefix(".doctor-")
        && !named.contains(FileStatus("\(path)/\(name)")?.number ?? 0)
    }
  }

  /// Whether it holds what only this program writes.
  private static func isOurs(_ path: String, _ names: [String]) -> Bool {
    names.contains { [SubjectFile.fileName, ClientFile.fileName].contains($0) }
      || ["access.json", "refresh.json"].contains { FileStatus("\(path)/keys/\($0)") != nil }
      || IssuerChoice.hasLog(path)
  }

  /// What a start that failed early may have left.
  private static let ownNames: Set<String> = ["keys", "log", "users.lock", "clients.lock", IssuerFile.name]
  /// What an empty folder holds: of a file system's own, and so that Git keeps it.
  private static let emptyNames: Set<String> = ["lost+found", ".snapshot", ".gitkeep", ".gitignore", ".keep"]

  /// For a command that makes a log, where `path` is one already.
  static func holdsLog(_ path: String) -> CommandFailure {
    CommandFailure(.cannotCreate, "\(path): there is a log already; name another folder, or move that one away")
  }

  /// Makes the folder's own name durable, where the system lets us: without it a power loss may take the whole of it away.
  private static func syncParent(of path: String) {
    let parent = FilePath(path).removingLastComponent()
    guard
      let opened = try? FileDescriptor.open(
        parent.isEmpty ? "." : parent, .readOnly, options: [.directory, .closeOnExec])
    else { return }
    fsync(opened.rawValue)
    try? opened.close()
  }
}
