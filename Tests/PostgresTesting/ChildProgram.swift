#if Postgres
internal import Glibc
internal import Synchronization

/// A program beside the tests, in a group of its own, so that the terminal's signals do not reach it.
final class ChildProgram: Sendable {
  private let id: pid_t
  private let status = Mutex<Int32?>(nil)

  /// Starts a program, whose output is appended to the file `log`.
  ///
  /// The descriptor `input` becomes its standard input, which is empty if none is given.
  init(_ words: [String], input: CInt? = nil, log: String) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var pointers = words.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var child: pid_t = 0
    let status = posix_spawnp(&child, words[0], &actions, &attributes, &pointers, environ)
    guard status == 0 else {
      throw TestedServerFailure(description: "cannot start \(words[0]): \(String(cString: strerror(status)))")
    }
    id = child
  }

  func signal(_ number: CInt) {
    // Under the lock: a number whose end was waited for may be another's.
    status.withLock { status in if status == nil { kill(id, number) } }
  }

  /// Whether it has ended.
  var hasEnded: Bool { end(WNOHANG) != nil }

  /// Its status of exit, or that of `wait`.
  func waitForEnd() -> Int32 { end(0) ?? -1 }

  private func end(_ options: Int32) -> Int32? {
    status.withLock { status in
      guard status == nil else { return status }
      var found: Int32 = 0
      if waitpid(id, &found, options) == id { status = found }
      return status
    }
  }
}
#endif
