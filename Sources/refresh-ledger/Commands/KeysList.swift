import ArgumentParser
import SystemPackage
import TokenSigning

struct KeysList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the signing keys, never their secrets.")

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print one JSON object a line.")
  var json = false

  private struct Row: Encodable {
    var kid: String
    var alg: String
    var use: String
    var state: String

    init(_ key: SigningKey, use: String) {
      kid = key.id
      alg = key.algorithm.rawValue
      self.use = use
      state = key.state.rawValue
    }
  }

  func run() throws {
    let folder = FilePath(try data.keyFolder())
    for name in ["access.json", "refresh.json"] { try requireFile(folder.appending(name)) }
    let keys: TokenKeys
    do { keys = try TokenKeys.openOrCreate(folder: folder.string) } catch { throw CommandFailure(error) }
    let rows = keys.access.map { Row($0, use: "access") } + keys.refresh.map { Row($0, use: "refresh") }
    if json {
      for row in rows { try Terminal.writeLine(JSONText.line(row)) }
      return
    }
    var table = TextTable("KID", "ALG", "USE", "STATE")
    for row in rows { table.append(row.kid, row.alg, row.use, row.state) }
    try Terminal.write(table.text)
  }

  /// Listing must not make keys.
  private func requireFile(_ path: FilePath) throws(CommandFailure) {
    do {
      let opened = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
      try opened.close()
    } catch Errno.noSuchFileOrDirectory {
      throw CommandFailure(
        .noInput, "\(path): there is no such key file; name the data folder with --data, or start the server once")
    } catch Errno.notDirectory {
      throw CommandFailure.notFolder(path.string)
    } catch {
      throw CommandFailure(.inputOutput, "\(path): cannot open the key file: \(error); run this as the server's user")
    }
  }
}
