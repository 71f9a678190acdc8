import ArgumentParser

struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "The write-ahead log. Reads only and takes no lock, so it works while the server runs.",
    subcommands: [LogInfo.self, LogVerify.self, LogDump.self])
}
