import Dispatch
import Glibc
import ServiceLifecycle

/// Ends the process where a shutdown does not come to its end: a disk that never answers lets neither the requests that
/// wait for it nor the closing of the log return, and no cancellation reaches either.
struct ShutdownDeadline: Service {
  /// How long requests under way are waited for.
  let drain: Duration
  let dataPath: String
  let notification: ServiceNotification

  /// After the drain: to cut off what is left, and to close the log.
  private static let closing = Duration.seconds(4)

  /// Returns once the shutdown has begun; put it last, so that it is told first.
  func run() async throws {
    try? await gracefulShutdown()
    let allowed = drain + ShutdownDeadline.closing
    // The second on top: to say why, and to end.
    notification.tell(.stopping(allowed + .seconds(1)))
    let seconds = allowed / .seconds(1)
    let message = """
      the disk did not answer within \(allowed) of the shutdown and the log in \(dataPath)/log was not closed cleanly; \
      what was acknowledged as durable is in it: see to the disk and start again
      """
    // A thread of Dispatch, not of Swift's pool, whose threads may wait for the same disk.
    DispatchQueue(label: "refresh-ledger.shutdown").asyncAfter(deadline: .now() + seconds) {
      Terminal.complain(message)
      // Without what `exit` would do first: that may wait for the disk too.
      _exit(ExitStatus.inputOutput.rawValue)
    }
  }
}
