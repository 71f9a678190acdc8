internal import Glibc

/// A signal of the system, and its effect on this program.
package struct Signal: Sendable, Hashable {
  private let number: CInt

  package static let hangUp = Signal(number: SIGHUP)
  package static let interrupt = Signal(number: SIGINT)
  package static let terminate = Signal(number: SIGTERM)
  package static let quit = Signal(number: SIGQUIT)
  package static let abort = Signal(number: SIGABRT)
  package static let user1 = Signal(number: SIGUSR1)
  /// A write to a pipe that nobody reads.
  package static let brokenPipe = Signal(number: SIGPIPE)
  /// A write to a terminal that belongs to another job.
  package static let foreignTerminal = Signal(number: SIGTTOU)
  /// A write past the limit of a file's size.
  package static let fileSize = Signal(number: SIGXFSZ)

  package func ignore() {
    _ = Glibc.signal(number, SIG_IGN)
  }

  /// Restores the default effect of the signal.
  package func restoreDefault() {
    _ = Glibc.signal(number, SIG_DFL)
  }

  /// Sets an action for the signal.
  ///
  /// - Parameter action: A function that runs between any two instructions of the program. It can set an atomic value,
  ///   and little else.
  package func perform(_ action: @escaping @convention(c) (CInt) -> Void) {
    _ = Glibc.signal(number, action)
  }

  /// True if the signal is ignored, as a shell sets it for background jobs.
  package var isIgnored: Bool {
    var action = sigaction()
    guard unsafe sigaction(number, nil, &action) == 0 else { return false }
    return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
