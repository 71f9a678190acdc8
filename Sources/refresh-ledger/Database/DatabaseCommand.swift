import ArgumentParser

struct DatabaseCommand: AsyncParsableCommand {
  #if Postgres
  static let configuration = CommandConfiguration(
    commandName: "database",
    abstract:
      "Prepares and checks the PostgreSQL database that instances share, ends its sessions, moves a ledger in or out.",
    subcommands: [DatabaseInit.self, DatabaseCheck.self, DatabaseFence.self, DatabaseAdopt.self, DatabaseLeave.self])
  #else
  static let configuration = CommandConfiguration(
    commandName: "database", abstract: "Works on the PostgreSQL database that instances share: not in this build.")

  @Argument(parsing: .allUnrecognized, help: .hidden)
  var rest: [String] = []

  func run() async throws { throw CommandError.withoutPostgres }
  #endif
}
