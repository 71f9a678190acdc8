import Glibc

/// What signals that nobody handles do to a server.
enum ServeSignals {
  static func prepare() {
    // A closed pipe, a terminal that belongs to another job and a file that may not grow are errors of the write, no ends of the process.
    for number in [SIGPIPE, SIGTTOU, SIGXFSZ] { signal(number, SIG_IGN) }
    // Swift's backtracer, where there is a toolchain, takes these for a crash, stops all threads and then goes on as if nothing had been.
    // The watchdog of systemd means the first to end the process.
    for number in [SIGABRT, SIGQUIT] where !isIgnored(number) { signal(number, SIG_DFL) }
    // Until the account files are followed: a reload must not end a server that is still starting.
    signal(SIGHUP, SIG_IGN)
    // Asks for a link of the console; it ends no server that has none.
    signal(SIGUSR1, SIG_IGN)
  }

  /// As a shell has it for what runs in the background.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard number != SIGABRT, sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
