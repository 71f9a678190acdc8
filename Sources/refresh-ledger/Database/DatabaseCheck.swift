#if Postgres
import ArgumentParser

struct DatabaseCheck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Says whether a database is safe to serve from: PostgreSQL servers, replication, settings, clock, tables, keys.",
    discussion: """
      Asks every host that the address names, and changes nothing. Works while any number of instances run. Exits with \
      1 if there is a problem; a warning is not a problem.
      """)

  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Print one JSON object for each finding.")
  var json = false

  func run() async throws {
    let settings = try database.settings()
    var report = FindingReport(isJSON: json)
    try report.tell(DatabaseProbe(settings, isWhole: false).findings())
    try report.end()
  }
}
#endif
