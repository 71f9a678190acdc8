#if Postgres
internal import Glibc
internal import Platform
internal import Synchronization
package import TokenLedgerPostgres

/// A PostgreSQL server of the tests' own, on a socket in its folder and on a free port of 127.0.0.1.
///
/// It ends with this process, even if that is killed, and its folder goes with it.
///
/// `postgres` needs no password; other roles need theirs over TCP. The calls block, for a few milliseconds unless their
/// comments state another time.
package final class TestedServer: Sendable {
  private static let sharedServer = Result { try TestedServer() }

  let programs: ServerPrograms
  private let ownFolder: ServerFolder
  package let port: Int
  /// Keeps the port across restarts.
  private let heldPort: HeldAddress
  let running = Mutex<ChildProgram?>(nil)

  /// The one that all tests of this process share: for tests that leave it as it is.
  ///
  /// The first call starts it, in about two seconds.
  package static func shared() async throws -> TestedServer {
    try await BlockingWork.run { () throws(any Error) in try sharedServer.get() }
  }

  /// Starts another server, for tests that change it; it ends by `end`, or with the process.
  ///
  /// The settings are in place of its own, each as `postgresql.conf` has it. If it encrypts, it takes TLS connections
  /// too, as `localhost` with a certificate of `authority`.
  package static func start(
    settings: [String: String] = [:], encrypts: Bool = false
  ) async throws -> TestedServer {
    try await BlockingWork.run { () throws(any Error) in try TestedServer(settings: settings, encrypts: encrypts) }
  }

  private init(settings: [String: String] = [:], encrypts: Bool = false) throws {
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
      max_connections = 1000
      fsync = off
      full_page_writes = off
      synchronous_commit = on
      shared_buffers = '32MB'
      log_destination = 'stderr'
      logging_collector = off
      restore_command = 'false'
      \(encrypts ? try makeCertificate() : "")
      \(settings.map { "\($0.key) = '\($0.value)'" }.joined(separator: "\n"))

      """, to: "data/postgresql.conf")
    try write(
      """
      local all,replication all trust
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

  func write(_ text: String, to name: String) throws {
    // The file is the server's, and so is what replaces it.
    let path = "\(folder)/\(name)"
    let file = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0o600)
    guard file >= 0 else { throw TestedServerFailure(description: "cannot write \(path): \(errno)") }
    defer { close(file) }
    try hand(over: name)
    let bytes = Array(text.utf8)
    guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
      throw TestedServerFailure(description: "cannot write \(path): \(errno)")
    }
  }

  /// Makes a file the server's own.
  func hand(over name: String) throws {
    var entry = stat()
    guard stat(folder, &entry) == 0, chown("\(folder)/\(name)", entry.st_uid, entry.st_gid) == 0 else {
      throw TestedServerFailure(description: "cannot hand \(folder)/\(name) over: \(errno)")
    }
  }
}
#endif
