import ArgumentParser

struct SessionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "The live sessions.",
    discussion: """
      list and show read the log and take no lock, so they work while the server runs. revoke needs the log for itself.
      """,
    subcommands: [SessionsList.self, SessionsShow.self, SessionsRevoke.self])
}
