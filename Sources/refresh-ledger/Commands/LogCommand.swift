import ArgumentParser

struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "The write-ahead log.",
    discussion: """
      info, verify, dump, tail, history and backup read only and take no lock, so they work while the server runs. checkpoint \
      asks a running server to write one. repair and restore need the server to be stopped.
      """,
    subcommands: [
      LogInfo.self, LogVerify.self, LogDump.self, LogTail.self, LogHistory.self, LogCheckpoint.self, LogBackup.self,
      LogRepair.self,
      LogRestore.self,
    ])
}
