import ArgumentParser
import Platform
import SystemPackage
import TokenAccounts
import TokenEngine
import TokenHTTP
import TokenSigning

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract:
      "Makes what a server needs: a configuration with every setting explained, the data folder, keys, a first user and client.",
    discussion: """
      Keys, user and client are made in the same way as by a first start of the server, and only if they do not exist \
      yet; their secrets are printed only once. An existing configuration is never overwritten: the command then exits \
      with 73 and makes nothing.
      """)

  static let standardPath = "refresh-ledger.yaml"

  @OptionGroup var data: DataFolderOption

  @Option(name: .customLong("config"), help: "The configuration file to write.")
  var configPath = InitCommand.standardPath

  @Flag(help: "Print one JSON object, which includes the secrets.")
  var json = false

  private struct Outcome: Encodable {
    var config: String
    var data: String
    /// The created accounts; nil for those that existed already.
    var user, password, client, secret: String?
  }

  func run() throws {
    let environment = Terminal.environment
    // Faults of the environment are reported before anything is made.
    _ = try ServerSettings(try SettingSources(flags: [:], environment: environment, filePath: nil))
    try write(InitTemplate.text)
    let (settings, first): (ServerSettings, FirstStart)
    do {
      settings = try ServerSettings(
        try SettingSources(flags: [:], environment: environment, filePath: configPath))
      first = try makeFolder(settings)
    } catch {
      // The corrected command would otherwise be refused because of this file.
      try? FileSystem.remove(configPath)
      throw error
    }
    if json {
      let outcome = Outcome(
        config: configPath, data: data.path, user: first.password.map { _ in FirstStart.userName },
        password: first.password, client: first.secret.map { _ in FirstStart.clientID }, secret: first.secret)
      return try Terminal.writeLine(JSONText.line(outcome))
    }
    let banner = StartBanner(settings, store: .folder(data.path), port: settings.http.port)
    try Terminal.write(text(banner, first, wantsClient: settings.http.wire == .standard))
  }

  private func makeFolder(_ settings: ServerSettings) throws(CommandError) -> FirstStart {
    try DataFolder.take(data.path, beside: [configPath] + settings.namedFiles)
    do throws(KeyError) {
      _ = try TokenKeys.openOrCreate(
        folder: data.folder.appending("keys").string, algorithm: settings.engine.algorithm)
    } catch {
      throw CommandError(error)
    }
    return try FirstStart(users: data.users(), clients: data.clients(), folder: data.folder, settings: settings)
  }

  private func text(_ banner: StartBanner, _ first: FirstStart, wantsClient: Bool) -> String {
    let options = "--config \(ShellText.quoted(configPath)) --data \(ShellText.quoted(data.path))"
    let next = """
      Wrote \(configPath): every setting with its default and what it does.
      The data folder \(data.path) has its keys, users and clients.

      Next:
        \(banner.command) doctor \(options)
        \(banner.command) serve \(options)

      """
    guard first.password != nil || first.secret != nil else { return next + banner.reminder }
    return next + banner.secrets(first, wantsClient: wantsClient)
      + banner.trial(wantsClient: wantsClient)
  }

  /// Writes a new file, and removes it again if it cannot be written completely.
  private func write(_ text: String) throws(CommandError) {
    do {
      let file = try FileDescriptor.open(
        FilePath(configPath), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      do {
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
      } catch {
        try? FileSystem.remove(configPath)
        throw error
      }
    } catch Errno.fileExists {
      throw CommandError(
        .cannotCreate, "\(configPath): there is a file already; start with it, or name another one with --config")
    } catch {
      throw CommandError(
        .cannotCreate,
        "\(configPath): cannot write the configuration: \(error); name a place that you may write to with --config")
    }
  }
}
