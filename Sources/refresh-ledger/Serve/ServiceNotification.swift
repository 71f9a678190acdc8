import Dispatch
import Glibc
import Logging
import Synchronization

/// Tells systemd how the server fares, as sd_notify(3) has it, where `NOTIFY_SOCKET` names the socket for it. Elsewhere nothing happens.
///
/// The protocol is stable and a datagram each, and systemd advises against linking its library for it.
struct ServiceNotification: Sendable {
  enum Change: Sendable {
    /// The start goes on: systemd is to wait for longer than `TimeoutStartSec`.
    case replaying(percent: Int)
    case ready
    case reloading
    /// The end comes at the latest within this time.
    case stopping(Duration)
    case alive

    /// Whether there will soon be another one that says more.
    var isRepeated: Bool {
      switch self {
      case .replaying, .alive: true
      case .ready, .reloading, .stopping: false
      }
    }
  }

  private final class Waiting: Sendable {
    let count = Atomic(0)
  }

  private let socket: NotificationSocket?
  private let logger: Logger
  /// In order, and not on the caller's thread: a socket that is full may take a second for each.
  private let queue = DispatchQueue(label: "refresh-ledger.notification")
  private let waiting = Waiting()
  /// How often systemd must hear that the server is alive (`WatchdogSec`); nil where it does not ask for that.
  let watchdogInterval: Duration?

  /// How long systemd waits for the next word of a replay: it hears one each second, unless the disk does not answer.
  private static let replayPatience = Duration.seconds(60)

  init(environment: [String: String], logger: Logger) {
    self.logger = logger
    let name = environment["NOTIFY_SOCKET"] ?? ""
    socket = NotificationSocket(name)
    if socket == nil && !name.isEmpty {
      logger.warning("NOTIFY_SOCKET is neither a path nor an abstract name; the service manager is told nothing")
    }
    watchdogInterval = socket == nil ? nil : Self.watchdogInterval(environment)
  }

  /// Never waits.
  func tell(_ change: Change) {
    guard let socket, !change.isRepeated || waiting.count.load(ordering: .relaxed) == 0 else { return }
    waiting.count.add(1, ordering: .relaxed)
    let text = Self.text(of: change)
    queue.async { [logger, waiting] in
      defer { waiting.count.subtract(1, ordering: .relaxed) }
      do {
        try socket.send(text)
      } catch {
        logger.warning("the service manager could not be told (\(change)): \(error)")
      }
    }
  }

  /// `WATCHDOG_PID` is there where a parent was asked and not this process.
  private static func watchdogInterval(_ environment: [String: String]) -> Duration? {
    guard let microseconds = Int64(environment["WATCHDOG_USEC"] ?? ""), microseconds > 0 else { return nil }
    if let process = environment["WATCHDOG_PID"], process != "\(getpid())" { return nil }
    return .microseconds(microseconds)
  }

  private static func text(of change: Change) -> String {
    switch change {
    case .replaying(let percent):
      "EXTEND_TIMEOUT_USEC=\(microseconds(replayPatience))\nSTATUS=replaying the log: \(percent) %"
    case .ready: "READY=1\nSTATUS=serving"
    case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())\nSTATUS=reading accounts and keys again"
    case .stopping(let time):
      "STOPPING=1\nEXTEND_TIMEOUT_USEC=\(microseconds(time))\nSTATUS=answering what is under way, then closing the log"
    case .alive: "WATCHDOG=1"
    }
  }

  private static func microseconds(_ time: Duration) -> Int64 { Int64(time / .microseconds(1)) }

  /// Of the clock CLOCK_MONOTONIC.
  private static func monotonicMicroseconds() -> UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000 }
}
