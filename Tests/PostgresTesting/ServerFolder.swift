#if Postgres
internal import Glibc
internal import Platform
internal import Synchronization

/// A server's folder, which goes when this process has gone, however it went, and the server in it with it.
final class ServerFolder: Sendable {
  let path: String
  /// A shell beside this process: no signal and no handler of ours could be relied on.
  private let guardian: ChildProgram
  /// The other end of what the shell reads; closed with this process, or by `remove`.
  private let held: Mutex<CInt>

  /// Makes a folder of a user, or of this process's own user for nil.
  init(user: String?) throws {
    // Short: a socket's name has at most 107 bytes.
    path = "/tmp/refresh-ledger-postgres-\(Program.id)-\(String(UInt32.random(in: 0 ... .max), digits: 8))"
    var ends: [CInt] = [-1, -1]
    guard mkdir(path, 0o700) == 0,
      socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends) == 0
    else {
      throw TestedServerFailure(description: "cannot make \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(ends[0]) }
    held = Mutex(ends[1])
    if let user, let entry = getpwnam(user) { chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) }
    // A process of the number in the file that works elsewhere is another one.
    let script = """
      cat
      while [ -d "$1" ]; do
        server=$(head -n 1 "$1/data/postmaster.pid")
        if [ -n "$server" ] && [ "$(readlink "/proc/$server/cwd")" = "$1/data" ]; then
          kill -QUIT "$server"
          kill -CONT "$server"
          sleep 0.02
        else
          for other in /proc/[0-9]*; do
            case $(readlink "$other/cwd") in "$1"/*) kill -KILL "${other#/proc/}" ;; esac
          done
          rm -rf "$1"
        fi
      done
      """
    guardian = try ChildProgram(["sh", "-c", script, "guardian", path], input: ends[0], log: "/dev/null")
  }

  /// Ends the server, as `TestedServer.Ending.immediate` does, and removes all of it.
  ///
  /// The call is idempotent.
  func remove() {
    held.withLock { descriptor in
      if descriptor >= 0 { close(descriptor) }
      descriptor = -1
    }
    _ = guardian.waitForEnd()
  }
}
#endif
