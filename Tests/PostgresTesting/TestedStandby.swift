#if Postgres
internal import Glibc
internal import Platform

/// What stands in for a synchronous standby: it keeps the log of a server and confirms it, and has no database.
///
/// It ends with its server.
package final class TestedStandby: Sendable {
  private let program: ChildProgram

  fileprivate init(program: ChildProgram) { self.program = program }

  /// Confirms nothing any more: each commit that counts on it waits.
  package func freeze() { program.signal(SIGSTOP) }

  package func thaw() { program.signal(SIGCONT) }

  /// Ends it at once.
  package func end() {
    program.signal(SIGKILL)
    _ = program.waitForEnd()
  }
}

extension TestedServer {
  /// Starts a standby, and waits until the server counts on it: each commit then waits for it.
  package func startStandby(named name: String = "standby") throws -> TestedStandby {
    let received = "\(folder)/\(name)"
    guard mkdir(received, 0o700) == 0 else {
      throw TestedServerFailure(description: "cannot make \(received): \(errno)")
    }
    try hand(over: name)
    let standby = TestedStandby(
      program: try ChildProgram(
        ["env", "--chdir=\(received)", "PGAPPNAME=\(name)"]
          + programs.command(
            "pg_receivewal",
            ["--no-loop", "--synchronous", "-D", received, "-h", folder, "-p", String(port), "-U", "postgres"]),
        log: "\(folder)/\(name).log"))
    try configure("synchronous_standby_names", name)
    let deadline = ContinuousClock.now + .seconds(30)
    while try value("select sync_state from pg_stat_replication where application_name = '\(name)'") != "sync" {
      guard ContinuousClock.now < deadline else {
        throw TestedServerFailure(description: "no standby comes to the server of the tests: see \(folder)/\(name).log")
      }
      Program.pause(microseconds: 10_000)
    }
    return standby
  }
}
#endif
