import ArgumentParser
import SystemPackage
import TokenAccounts

/// The option that every command on a data folder has.
struct DataFolderOption: ParsableArguments {
  static let standard = "ledger-data"

  @Option(name: .customLong("data"), help: "The data folder of the server. (default: ledger-data)")
  var given: String?

  var path: String { given ?? DataFolderOption.standard }

  var folder: FilePath { FilePath(path) }
  var logFolder: FilePath { DataFolderOption.logFolder(of: path) }

  static func logFolder(of path: String) -> FilePath { FilePath(path).appending("log") }

  /// The embedded user file of a folder that exists.
  func users() throws(CommandFailure) -> SubjectFile {
    try DataFolder.require(path)
    do { return try SubjectFile(path: DataFolderOption.usersPath(folder)) } catch { throw CommandFailure(error) }
  }

  /// The embedded client file of a folder that exists.
  func clients() throws(CommandFailure) -> ClientFile {
    try DataFolder.require(path)
    do { return try ClientFile(path: DataFolderOption.clientsPath(folder)) } catch { throw CommandFailure(error) }
  }

  /// Where the keys are, in a folder that exists.
  func keyFolder() throws(CommandFailure) -> String {
    try DataFolder.require(path)
    return folder.appending("keys").string
  }

  static func usersPath(_ folder: FilePath) -> String { folder.appending(SubjectFile.fileName).string }
  static func clientsPath(_ folder: FilePath) -> String { folder.appending(ClientFile.fileName).string }

  /// Refuses a folder that was named beside a server.
  func refuse(beside url: String?) throws {
    guard url == nil || given == nil else {
      throw ValidationError("name either a server with --url or a folder with --data")
    }
  }
}
