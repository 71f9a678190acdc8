import Logging
import ServiceLifecycle
import Synchronization
import TokenConsole
import UnixSignals

/// A service that prints a link for signing in to the console: as soon as the server listens, and at each SIGUSR1.
///
/// The link is printed to the standard output, as the secrets of a first start are, never into a log line.
final class ConsoleLinks: Service {
  private let console: AdminConsole
  private let output: ServeOutput
  private let logger: Logger
  private let url = Mutex<String?>(nil)

  init(console: AdminConsole, output: ServeOutput, logger: Logger) {
    self.console = console
    self.output = output
    self.logger = logger
  }

  /// - Parameter url: The URL of the server, with its path prefix.
  func offer(below url: String) {
    self.url.withLock { $0 = url }
    print(below: url)
  }

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sigusr1)
    for await _ in signals.cancelOnGracefulShutdown() {
      guard let url = url.withLock({ $0 }) else { continue }
      print(below: url)
      logger.notice("SIGUSR1: a new link to the console is on the standard output; the one before it no longer works")
    }
  }

  private func print(below url: String) {
    output.print("console: \(url)\(console.makeLink())\n  This link signs in once, within ten minutes.\n\n")
  }
}
