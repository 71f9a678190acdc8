#if Postgres
internal import Glibc
internal import Platform
internal import Synchronization

/// The programs of PostgreSQL that are installed, and the user that may run them.
struct ServerPrograms: Sendable {
  private let folder: String
  /// Another than this process's own; PostgreSQL does not run as root.
  private let user: String?

  /// Those of the newest version.
  init() throws {
    let root = "/usr/lib/postgresql"
    let versions = ((try? FileSystem.names(in: root)) ?? []).compactMap { Int($0) }.sorted(by: >)
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    let folders = versions.map { "\(root)/\($0)/bin" } + path.split(separator: ":").map(String.init)
    guard
      let folder = folders.first(where: { access("\($0)/initdb", X_OK) == 0 && access("\($0)/postgres", X_OK) == 0 })
    else {
      throw TestedServerFailure(
        description:
          "PostgreSQL is not installed, and these tests run a server of it; run tools/install-dependencies postgres")
    }
    self.folder = folder
    user = geteuid() == 0 ? ["postgres", "nobody"].first { getpwnam($0) != nil } : nil
  }

  /// Makes a folder in which the server may write.
  func makeFolder() throws -> ServerFolder { try ServerFolder(user: user) }

  /// The words that run a program as the server's user.
  func command(_ program: String, _ arguments: [String]) -> [String] {
    let prefix = user.map { ["setpriv", "--reuid=\($0)", "--regid=\($0)", "--clear-groups", "--"] } ?? []
    return prefix + ["\(folder)/\(program)"] + arguments
  }

  /// Runs a program to its end.
  func run(_ program: String, _ arguments: [String], log: String) throws {
    let child = try ChildProgram(command(program, arguments), log: log)
    guard child.waitForEnd() == 0 else { throw TestedServerFailure(description: "\(program) failed: see \(log)") }
  }
}
#endif
