import Dispatch
import Platform
import ServiceLifecycle

/// A service that ends the process if a shutdown does not finish.
///
/// A disk that never answers blocks the requests that wait for it and the closing of the log, and no cancellation
/// reaches either, nor what waits for a database.
///
/// The readers of the log lines are waited for within the same time.
struct ShutdownDeadline: Service {
  /// The longest wait for requests under way.
  let drain: Duration
  let store: StorePlace
  let notification: ServiceNotification
  let output: ServeOutput

  /// The time after the drain: to cut off what is left, to close the log, and to write the last lines.
  private static let closing = Duration.seconds(4)
  /// The part of it for the last lines.
  private static let lastWords = Duration.seconds(1)

  /// Returns once the shutdown has begun.
  ///
  /// Put this service last, so that it is told first.
  func run() async throws {
    try? await gracefulShutdown()
    let allowed = drain + ShutdownDeadline.closing
    // The extra second is for a busy system.
    notification.tell(.stopping(allowed + .seconds(1)))
    let silence = allowed - ShutdownDeadline.lastWords
    // The time is a little earlier, so that the process is over by then.
    output.end(by: .now + allowed - .milliseconds(200))
    let message = message(after: silence)
    // A thread of Dispatch is used, since those of Swift's pool may be waiting for the same disk.
    let queue = DispatchQueue(label: "refresh-ledger.shutdown")
    queue.asyncAfter(deadline: .now() + silence / .seconds(1)) { [output] in
      // If the log was closed, the process ends by itself.
      guard output.finish(message) else { return }
      ShutdownDeadline.end()
    }
    queue.asyncAfter(deadline: .now() + (allowed - .milliseconds(100)) / .seconds(1)) { ShutdownDeadline.end() }
  }

  private func message(after silence: Duration) -> String {
    switch store {
    case .folder(let path):
      """
      the disk did not answer within \(silence) of the shutdown and the log in \(path)/log was not closed cleanly; \
      what was acknowledged as durable is in it: fix the disk and start again
      """
    case .database(let name, _):
      """
      the database \(name) did not answer within \(silence) of the shutdown; what was acknowledged is in it: \
      start again, and look at it with refresh-ledger database check
      """
    }
  }

  /// Ends the process without the work that `exit` would do first, which can wait for the disk too.
  private static func end() -> Never {
    Program.exitAtOnce(ExitStatus.inputOutput.rawValue)
  }
}
