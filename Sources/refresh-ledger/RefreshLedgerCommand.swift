import ArgumentParser
import Platform
import TokenSigning

@main
struct RefreshLedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refresh-ledger",
    abstract: "Issues access and refresh tokens, and rotates the refresh tokens in a durable ledger.",
    discussion: """
      Exit codes: 0 fine, 1 the result is bad (a damaged log, a refused token, a problem found, no such session), \
      64 usage, 66 no such input, 70 internal, 73 cannot create a file, 74 cannot read or write, 75 temporary (locked \
      by another process), 78 configuration.
      """,
    version: Release.version,
    subcommands: [
      ServeCommand.self, UsersCommand.self, ClientsCommand.self, KeysCommand.self, SessionsCommand.self,
      LogCommand.self, DatabaseCommand.self, TokenCommand.self, LoadCommand.self, InitCommand.self, DoctorCommand.self,
      TopCommand.self, ExportCommand.self, ImportCommand.self,
    ])

  /// Runs the command that the arguments name.
  ///
  /// A failure is one line on the standard error output and an exit code.
  static func main() async {
    StandardStreams.fillGaps()
    Libcrypto.keepUntilExit()
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let failure as CommandError {
      Terminal.complain(failure.description)
      Program.exit(failure.status.rawValue)
    } catch {
      // `--help` and `--version` come here too.
      guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
      let hint = hint(on: CommandLine.arguments)
      Terminal.complain("\(message(for: error)); \(hint)add --help to see what the command takes")
      Program.exit(ExitStatus.usage.rawValue)
    }
  }

  /// Returns a hint for values that were taken for options.
  private static func hint(on arguments: [String]) -> String {
    let isTaken = arguments.contains { $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.utf8.count > 2 }
    return isTaken ? "write -- before a value that begins with -; " : ""
  }
}
