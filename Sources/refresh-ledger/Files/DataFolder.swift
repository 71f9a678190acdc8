import ArgumentParser
import Platform
import SystemPackage
import TokenAccounts
import TokenLedger
import WriteAheadLog

/// The server's data folder.
enum DataFolder {
  /// Creates the folder with mode 0700, or accepts an existing one, which must be a data folder or empty.
  ///
  /// `files` are the paths of files that can be in an empty one all the same, such as the configuration. A folder to
  /// which a ledger is being moved has no log yet, and is accepted only if `isMovedTo` is true.
  static func take(
    _ path: String, beside files: [String] = [], isMovedTo: Bool = false
  ) throws(CommandError) {
    func refused(_ code: Errno) -> CommandError {
      CommandError(
        .cannotCreate, "\(path): cannot make the data folder: \(code); name one whose parent exists and is writable")
    }
    do { if try FileSystem.makeFolder(path) { return syncParent(of: path) } } catch { throw refused(error) }
    guard let status = FileStatus(path) else { throw refused(.fileExists) }
    guard status.isFolder else {
      throw CommandError(.cannotCreate, "\(path): is a file, not a folder; name another folder with --data")
    }
    if let stranger = stranger(in: path, beside: files) {
      throw CommandError(
        .cannotCreate,
        "\(path): is not a data folder: it holds \(stranger.shown) and nothing of refresh-ledger; name an empty or a new folder with --data"
      )
    }
    if !isMovedTo, FileStatus("\(path)/\(unfinishedLogName)") != nil {
      throw CommandError(
        .configuration,
        "\(path): the move of a ledger to this folder is not complete: run `refresh-ledger database leave` again, or name another folder with --data"
      )
    }
    if FileExposure(path: path)?.othersCanChange == true {
      throw CommandError(
        .configuration,
        "\(path): others can change this folder; name a new one below it, or run: chmod go-w \(ShellText.quoted(path))"
      )
    }
  }

  /// Requires an existing folder that is a data folder or empty: a mistyped name must not become a new folder.
  static func require(_ path: String) throws(CommandError) {
    let status: FileStatus
    do { status = try FileStatus.of(path) } catch {
      guard error == .noSuchFileOrDirectory || error == .notDirectory else {
        throw CommandError(
          .inputOutput, "\(path): cannot read the data folder: \(error); run this as the server's user")
      }
      throw CommandError(
        .noInput,
        "\(path): there is no such data folder; name it with --data, or make one with refresh-ledger init")
    }
    guard status.isFolder else {
      throw CommandError(.noInput, "\(path): is a file, not a folder; name the server's data folder with --data")
    }
    if let stranger = stranger(in: path, beside: []) {
      throw CommandError(
        .noInput,
        "\(path): is not a data folder: it holds \(stranger.shown) and nothing of refresh-ledger; name the server's with --data"
      )
    }
  }

  /// Returns the name of a file that does not belong into a folder that is not a data folder, or nil for a data folder,
  /// an empty one, and one that cannot be read.
  private static func stranger(in path: String, beside files: [String]) -> String? {
    guard let names = try? FileSystem.names(in: path), !isOurs(path, names) else { return nil }
    let named = Set(files.compactMap { FileStatus($0)?.number })
    return names.sorted().first { name in
      !ownNames.contains(name) && !emptyNames.contains(name) && !name.hasPrefix(".doctor-")
        && !named.contains(FileStatus("\(path)/\(name)")?.number ?? 0)
    }
  }

  /// Checks whether the folder has files that only this program writes.
  private static func isOurs(_ path: String, _ names: [String]) -> Bool {
    names.contains { [SubjectFile.fileName, ClientFile.fileName].contains($0) }
      || ["access.json", "refresh.json"].contains { FileStatus("\(path)/keys/\($0)") != nil }
      || IssuerChoice.hasLog(path)
  }

  /// The name of the log while `database leave` writes it.
  private static let unfinishedLogName = LedgerFolderWriter.unfinished("log").string
  /// The names that a failed early start can have left.
  private static let ownNames: Set<String> = [
    "keys", "log", unfinishedLogName, "users.lock", "clients.lock", IssuerFile.name,
  ]
  /// The names in a folder that counts as empty: those of a file system itself, and those that make Git keep a folder.
  private static let emptyNames: Set<String> = ["lost+found", ".snapshot", ".gitkeep", ".gitignore", ".keep"]

  /// Refuses a folder whose ledger has moved to a database: nobody would read changes that are made here.
  static func refuseMoved(_ path: String) throws(CommandError) {
    // A log that cannot be read is reported by whoever opens it.
    guard let what = try? MovedMark.read(in: FolderStorage(path: DataFolderOption.logFolder(of: path))) else { return }
    throw CommandError(.configuration, "\(path): the ledger of this folder \(what)")
  }

  /// Returns the failure of a command that makes a log, for a `path` that has one already.
  static func holdsLog(_ path: String) -> CommandError {
    CommandError(.cannotCreate, "\(path): there is a log already; name another folder, or move that one away")
  }

  /// Makes the folder's own name durable, if the system allows it: otherwise a power failure could remove the whole
  /// folder.
  private static func syncParent(of path: String) {
    let parent = FilePath(path).removingLastComponent()
    try? OpenFolder(parent.isEmpty ? "." : parent.string).sync()
  }
}

/// The option of every command on a data folder.
struct DataFolderOption: ParsableArguments {
  static let standard = "ledger-data"

  @Option(name: .customLong("data"), help: "The data folder of the server. (default: ledger-data)")
  var given: String?

  var path: String { given ?? DataFolderOption.standard }

  var folder: FilePath { FilePath(path) }
  var logFolder: FilePath { DataFolderOption.logFolder(of: path) }

  static func logFolder(of path: String) -> FilePath { FilePath(path).appending("log") }

  /// Returns the embedded user file of an existing folder.
  func users() throws(CommandError) -> SubjectFile {
    try DataFolder.require(path)
    try DataFolder.refuseMoved(path)
    do { return try SubjectFile(path: DataFolderOption.usersPath(folder)) } catch { throw CommandError(error) }
  }

  /// Returns the embedded client file of an existing folder.
  func clients() throws(CommandError) -> ClientFile {
    try DataFolder.require(path)
    try DataFolder.refuseMoved(path)
    do { return try ClientFile(path: DataFolderOption.clientsPath(folder)) } catch { throw CommandError(error) }
  }

  /// Returns the folder of the keys in an existing data folder.
  func keyFolder() throws(CommandError) -> String {
    try DataFolder.require(path)
    try DataFolder.refuseMoved(path)
    return folder.appending("keys").string
  }

  static func usersPath(_ folder: FilePath) -> String { folder.appending(SubjectFile.fileName).string }
  static func clientsPath(_ folder: FilePath) -> String { folder.appending(ClientFile.fileName).string }

  /// Refuses a data folder that was named beside a server.
  func refuse(beside url: String?) throws {
    guard url == nil || given == nil else {
      throw ValidationError("name either a server with --url or a folder with --data")
    }
  }
}
