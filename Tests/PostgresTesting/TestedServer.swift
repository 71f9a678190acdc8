#if Postgres
internal import Glibc
internal import Platform
internal import Synchronization
package import TokenLedgerPostgres

/// A PostgreSQL server of the tests' own, on a socket in its folder and on a free port of 127.0.0.1. It ends with this
/// process, also where that is killed, and its folder goes with it.
///
/// `postgres` needs no password; other roles need theirs over TCP. The calls block; a few milliseconds where none is said.
package final class TestedServer: Sendable {
  private static let sharedServer = Result { try TestedServer() }

  private let programs: ServerPrograms
  private let ownFolder: ServerFolder
  package let port: Int
  /// Keeps the port across restarts.
  private let heldPort: HeldAddress
  private let running = Mutex<ChildProgram?>(nil)

  /// The one that all tests of this process share: for tests that leave it as it is. Started when first asked for, in
  /// about two seconds.
  package static func shared() async throws -> TestedServer {
    try await BlockingWork.run { () throws(any Error) in try sharedServer.get() }
  }

  /// Starts another, for tests that change it; ended by `end`, or with the process.
  package static func start() async throws -> TestedServer {
    try await BlockingWork.run { () throws(any Error) in try TestedServer() }
  }

  private init() throws {
    programs = try ServerPrograms()
    ownFolder = try programs.makeFolder()
    heldPort = try HeldAddress(host: "127.0.0.1", port: 0)
    port = heldPort.port
    let log = "\(folder)/initdb.log"
    try programs.run(
      "initdb",
      ["-D", "\(folder)/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"], log: log)
    try write(
      """
      listen_addresses = '127.0.0.1'
      port = \(port)
      unix_socket_directories = '\(folder)'
      max_connections = 100
      fsync = off
      full_page_writes = off
      synchronous_commit = on
      shared_buffers = '32MB'
      log_destination = 'stderr'
      logging_collector = off

      """, to: "data/postgresql.conf")
    try write(
      """
      local all all trust
      host all postgres 127.0.0.1/32 trust
      host replication postgres 127.0.0.1/32 trust
      host all all 127.0.0.1/32 scram-sha-256

      """, to: "data/pg_hba.conf")
    try resume()
  }

  /// Where its socket, its log and its data are.
  package var folder: String { ownFolder.path }

  /// Ends the server and removes its folder.
  package func end() {
    ownFolder.remove()
    _ = running.withLock { $0.take() }?.waitForEnd()
  }

  /// What the server has logged so far.
  package var logLines: [String] {
    let text = (try? OpenFile(reading: "\(folder)/log").contents(bytesMax: 64 << 20)) ?? []
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Where a database of this server is, over TCP.
  package func address(database: String, user: String = "postgres", options: String = "") throws -> DatabaseAddress {
    try DatabaseAddress("postgresql://\(user)@127.0.0.1:\(port)/\(database)?sslmode=disable\(options)")
  }

  /// The same, by the socket in its folder, over which no role needs a password.
  package func socketAddress(database: String, user: String = "postgres") throws -> DatabaseAddress {
    try DatabaseAddress("host=\(folder) port=\(port) user=\(user) dbname=\(database)")
  }

  private func write(_ text: String, to name: String) throws {
    // The file is the server's, and so is what replaces it.
    let path = "\(folder)/\(name)"
    let file = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0o600)
    guard file >= 0 else { throw TestedServerFailure(description: "cannot write \(path): \(errno)") }
    defer { close(file) }
    if let entry = status(of: folder) { fchown(file, entry.st_uid, entry.st_gid) }
    let bytes = Array(text.utf8)
    guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
      throw TestedServerFailure(description: "cannot write \(path): \(errno)")
    }
  }

  private func status(of path: String) -> stat? {
    var found = stat()
    return stat(path, &found) == 0 ? found : nil
  }
}

// Its life.
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

  /// Waits for the server's end. In a second, if nothing is frozen.
  package func shutDown(_ ending: Ending = .fast) {
    running.withLock { child in
      guard let server = child, let id = processID else { return }
      kill(id, ending.signal)
      _ = server.waitForEnd()
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

  package func restart(_ ending: Ending = .fast) throws {
    shutDown(ending)
    try resume()
  }

  /// Restarts it on the next timeline, as a promoted standby is.
  package func restartOnNextTimeline() throws {
    shutDown(.fast)
    try write("", to: "data/recovery.signal")
    try write("restore_command = 'false'\n", to: "data/postgresql.auto.conf")
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

  /// The first column of the first row, as text.
  package func value(_ sql: String) throws -> String? {
    try TestedDatabase(server: self, name: "postgres").rows(sql).first?.first ?? nil
  }

  /// Stops all of its processes where they are: it neither answers nor closes anything.
  package func freeze() { signalAll(SIGSTOP) }

  package func thaw() { signalAll(SIGCONT) }

  private func signalAll(_ signal: Int32) {
    guard let id = processID else { return }
    // The first before the others when it stops, so that it begins none meanwhile.
    kill(id, signal)
    for child in children(of: id) { kill(child, signal) }
  }

  /// The first of its processes.
  private var processID: pid_t? {
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
