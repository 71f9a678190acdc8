import ArgumentParser

struct DatabaseCommand: AsyncParsableCommand {
  #if Postgres
  static let configuration = CommandConfiguration(
    commandName: "database",
    abstract:
      "The PostgreSQL database that many servers share: its tables, its state, and whether it is safe to serve from.",
    subcommands: [DatabaseInit.self, DatabaseCheck.self, DatabaseFence.self, DatabaseAdopt.self, DatabaseLeave.self])
  #else
  static let configuration = CommandConfiguration(
    commandName: "database", abstract: "The PostgreSQL database that many servers share: not in this build.")

  @Argument(parsing: .allUnrecognized, help: .hidden)
  var rest: [String] = []

  func run() async throws { throw CommandError.withoutPostgres }
  #endif
}
