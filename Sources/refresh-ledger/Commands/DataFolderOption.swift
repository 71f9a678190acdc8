import ArgumentParser
import SystemPackage
import TokenEngine

/// The option that every command on a data folder has.
struct DataFolderOption: ParsableArguments {
  static let standard = "ledger-data"

  @Option(name: .customLong("data"), help: "The data folder of the server.")
  var path = DataFolderOption.standard

  var folder: FilePath { FilePath(path) }
  var logFolder: FilePath { DataFolderOption.logFolder(of: path) }

  static func logFolder(of path: String) -> FilePath { FilePath(path).appending("log") }

  /// The embedded user file of a folder that exists.
  func users() throws(CommandFailure) -> SubjectFile {
    try requireFolder()
    do { return try SubjectFile(path: DataFolderOption.usersPath(folder)) } catch { throw CommandFailure(error) }
  }

  /// The embedded client file of a folder that exists.
  func clients() throws(CommandFailure) -> ClientFile {
    try requireFolder()
    do { return try ClientFile(path: DataFolderOption.clientsPath(folder)) } catch { throw CommandFailure(error) }
  }

  static func usersPath(_ folder: FilePath) -> String { folder.appending(SubjectFile.fileName).string }
  static func clientsPath(_ folder: FilePath) -> String { folder.appending(ClientFile.fileName).string }

  /// A mistyped folder must not become a new one.
  private func requireFolder() throws(CommandFailure) {
    do {
      let opened = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
      try opened.close()
    } catch Errno.noSuchFileOrDirectory {
      throw CommandFailure(
        .noInput, "\(path): there is no such data folder; name it with --data, or start the server once")
    } catch {
      throw CommandFailure(.inputOutput, "\(path): cannot open the data folder: \(error); name a folder that you own")
    }
  }
}
