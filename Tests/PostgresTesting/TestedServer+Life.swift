#if Postgres
internal import Glibc
internal import Platform
internal import Synchronization
internal import TokenLedgerPostgres

extension TestedServer {
  package enum Ending: Sendable {
    /// Ends sessions, writes all of it out.
    case fast
    /// As a crash of the server does; the next start recovers.
    case immediate
    /// Kills the first of its processes; the others notice and end.
    case kill

    fileprivate var signal: Int32 {
      switch self {
      case .fast: SIGINT
      case .immediate: SIGQUIT
      case .kill: SIGKILL
      }
    }
  }

  /// Ends the server, and waits for its end.
  ///
  /// That takes a second if nothing is frozen.
  package func shutDown(_ ending: Ending = .fast) {
    running.withLock { child in
      guard let server = child, let id = firstProcess else { return }
      let others = children(of: id)
      kill(id, ending.signal)
      _ = server.waitForEnd()
      // Those of a killed one end when they notice; before that no other can start.
      while others.contains(where: { access("/proc/\($0)/cwd/base", F_OK) == 0 }) { Program.pause(microseconds: 5000) }
      child = nil
    }
  }

  /// Starts it again, and waits until it takes connections.
  package func resume() throws {
    let server = try ChildProgram(programs.command("postgres", ["-D", "\(folder)/data"]), log: "\(folder)/log")
    running.withLock { $0 = server }
    let deadline = ContinuousClock.now + .seconds(60)
    let address = try socketAddress(database: "postgres")
    while (try? DatabaseConnection.open(address, host: 0, timeout: .seconds(5))) == nil {
      guard !server.hasEnded, ContinuousClock.now < deadline else {
        throw TestedServerFailure(description: "the server of the tests does not start: see \(folder)/log")
      }
      Program.pause(microseconds: 20_000)
    }
  }

  /// Takes no connection from now on (57P03), and ends when the last that is open has gone.
  package func drain() {
    if let id = firstProcess { kill(id, SIGTERM) }
  }

  package func restart(_ ending: Ending = .fast) throws {
    shutDown(ending)
    try resume()
  }

  /// Restarts it on the next timeline, as a promoted standby is.
  package func restartOnNextTimeline() throws {
    shutDown(.fast)
    try write("", to: "data/recovery.signal")
    try resume()
    // It takes connections before its recovery has ended.
    while try value("select pg_is_in_recovery()") != "false" { Program.pause(microseconds: 20_000) }
  }

  /// Restarts it as a standby of nobody: it answers, and takes no writes.
  package func restartAsStandby() throws {
    shutDown(.fast)
    try write("", to: "data/standby.signal")
    try resume()
  }

  /// Changes a setting of the running server, for sessions to come and for those that are under way.
  package func configure(_ name: String, _ value: String) throws {
    let address = try socketAddress(database: "postgres")
    let connection = try DatabaseConnection.open(address, host: 0, timeout: .seconds(10))
    defer { connection.close() }
    let deadline = ContinuousClock.now + .seconds(20)
    try connection.simple("alter system set \(name) = '\(value)'", deadline: deadline)
    try connection.simple("select pg_reload_conf()", deadline: deadline)
    // Each process takes it over when it comes to it; a new one has it from the first.
    while try self.value("select current_setting('\(name)')") != value {
      guard ContinuousClock.now < deadline else {
        throw TestedServerFailure(description: "the server does not take \(name) = \(value)")
      }
      Program.pause(microseconds: 5000)
    }
  }

  /// Makes each commit from now on wait for a standby that there is not, until `releaseCommits`.
  package func holdCommits() throws { try configure("synchronous_standby_names", "nobody") }

  /// Lets the commits that wait go on, and those to come without a wait.
  package func releaseCommits() throws { try configure("synchronous_standby_names", "") }

  /// The first column of the first row, as text.
  package func value(_ sql: String) throws -> String? {
    try TestedDatabase(server: self, name: "postgres").rows(sql).first?.first ?? nil
  }

  /// Runs statements in its first database, `postgres`, on a connection of their own.
  package func execute(_ sql: String) throws { try TestedDatabase(server: self, name: "postgres").execute(sql) }

  /// Stops all of its processes where they are: it neither answers nor closes anything.
  package func freeze() { signalAll(SIGSTOP) }

  package func thaw() { signalAll(SIGCONT) }

  private func signalAll(_ signal: Int32) {
    guard let id = firstProcess else { return }
    // The first before the others when it stops, so that it begins none meanwhile.
    kill(id, signal)
    for child in children(of: id) { kill(child, signal) }
  }

  /// The first of its processes.
  private var firstProcess: pid_t? {
    guard let text = try? OpenFile(reading: "\(folder)/data/postmaster.pid").contents(bytesMax: 4096) else {
      return nil
    }
    return String(decoding: text, as: UTF8.self).split(separator: "\n").first.flatMap { pid_t($0) }
  }

  private func children(of parent: pid_t) -> [pid_t] {
    ((try? FileSystem.names(in: "/proc")) ?? []).compactMap { pid_t($0) }.filter { id in
      guard let text = try? OpenFile(reading: "/proc/\(id)/stat").contents(bytesMax: 4096) else { return false }
      // After the name, which is in parentheses and may hold anything: state, then parent.
      let fields = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
      return fields.count > 1 && pid_t(fields[1]) == parent
    }
  }
}
#endif
