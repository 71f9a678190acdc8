import Foundation
import Glibc
import Synchronization

/// A command that runs beside the test and never outlives it.
final class ChildCommand: Sendable {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  let id: pid_t
  private let output: Int32
  private let errorsPath: String
  private let folder: TestFolder
  private let state = Mutex(State())

  private struct State {
    var read: [UInt8] = []
    var code: Int32?
  }

  /// Starts the program.
  ///
  /// Its environment is `environment` and nothing of the test's but `PATH`.
  init(_ path: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]) throws {
    folder = try TestFolder()
    let inputPath = try folder.write("input", input)
    errorsPath = try folder.write("errors", "")
    var variables = environment
    variables["PATH"] = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let (words, names) = ([path] + arguments, variables.map { "\($0)=\($1)" })
    let errorsPath = errorsPath
    // One at a time: no other child may inherit the pipe before it is marked.
    (id, output) = try ChildCommand.starting.withLock { _ in
      try ChildCommand.start(path, words, names, input: inputPath, errors: errorsPath)
    }
  }

  private static let starting = Mutex(())

  private static func start(
    _ path: String, _ arguments: [String], _ environment: [String], input: String, errors: String
  ) throws -> (pid_t, Int32) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Failure(description: "no pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_APPEND, 0)
    var words = CStrings(arguments)
    var names = CStrings(environment)
    var child: pid_t = 0
    let status = posix_spawnp(&child, path, &actions, nil, &words.pointers, &names.pointers)
    close(ends[1])
    guard status == 0 else {
      close(ends[0])
      throw Failure(description: "cannot start \(path): \(String(cString: strerror(status)))")
    }
    return (child, ends[0])
  }

  deinit {
    if state.withLock({ $0.code }) == nil {
      kill(id, SIGKILL)
      waitpid(id, nil, 0)
    }
    close(output)
  }

  func send(_ signal: Int32) {
    kill(id, signal)
  }

  /// What came on the standard error output so far.
  var errors: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

  /// Reads the standard output until `isEnough` or its end, and returns all of it.
  func read(seconds: Int = 60, until isEnough: (String) -> Bool) throws -> String {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      let text = state.withLock { String(decoding: $0.read, as: UTF8.self) }
      if isEnough(text) { return text }
      var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      let left = deadline - ContinuousClock.now
      guard left > .zero, poll(&waiting, 1, Int32(left.components.seconds * 1000 + 1)) > 0 else {
        kill(id, SIGKILL)
        throw Failure(description: "no end after \(seconds) s; printed: \(text) \(errors)")
      }
      var piece = [UInt8](repeating: 0, count: 65_536)
      let count = Glibc.read(output, &piece, piece.count)
      if count <= 0 { return text }
      state.withLock { $0.read += piece.prefix(count) }
    }
  }

  /// The exit code, or 128 and the signal that ended it.
  func wait(seconds: Int = 60) throws -> Int32 {
    _ = try read(seconds: seconds) { _ in false }
    return state.withLock { state in
      if let code = state.code { return code }
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0 && errno == EINTR {}
      let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
      state.code = code
      return code
    }
  }
}

/// Strings as `argv` and `environ` want them.
private struct CStrings: ~Copyable {
  var pointers: [UnsafeMutablePointer<CChar>?]

  init(_ strings: [String]) {
    pointers = strings.map { strdup($0) } + [nil]
  }

  deinit {
    for pointer in pointers { free(pointer) }
  }
}

/// What a command that has ended left.
struct CommandResult: Sendable {
  var code: Int32
  var output: String
  var errors: String

  /// Runs `refresh-ledger` to its end.
  static func of(
    _ arguments: String..., input: String = "", environment: [String: String] = [:]
  ) throws -> CommandResult {
    try of(BuiltCommand.path, arguments, input: input, environment: environment)
  }

  static func of(
    _ path: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) throws -> CommandResult {
    let child = try ChildCommand(path, arguments, input: input, environment: environment)
    let code = try child.wait()
    return CommandResult(code: code, output: try child.read { _ in true }, errors: child.errors)
  }

  /// Whether the error is one line that begins as all of ours do.
  var isOneLineError: Bool {
    errors.hasPrefix("error: ") && errors.hasSuffix("\n") && errors.filter(\.isNewline).count == 1
  }
}
