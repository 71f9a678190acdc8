import ArgumentParser

struct SessionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "The live sessions.",
    discussion: """
      list and show read the log and take no lock, so they work while the server runs. revoke needs the log for itself. \
      With --url all three ask a running server, as an admin client of it.
      """,
    subcommands: [SessionsList.self, SessionsShow.self, SessionsRevoke.self])
}
