import Dispatch
import Logging
import Platform
import ServiceLifecycle
import Synchronization
import SystemPackage
import TokenEngine

/// The notifications of the server's state to systemd (sd_notify(3)), if `NOTIFY_SOCKET` names a socket for them.
///
/// The protocol is stable, with one datagram for each, and systemd advises against linking its library for it.
struct ServiceNotification: Sendable {
  enum Change: Sendable {
    /// The start continues: systemd must wait longer than `TimeoutStartSec`.
    case replaying(percent: Int)
    case ready
    case reloading
    /// The end comes within this time at the latest.
    case stopping(Duration)
    case alive

    /// True if another notification that says more will follow soon.
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
  /// The queue that sends in order, and not on the caller's thread: a full socket can take a second for each
  /// notification.
  private let queue = DispatchQueue(label: "refresh-ledger.notification")
  private let waiting = Waiting()
  /// The interval in which systemd must hear that the server is alive (`WatchdogSec`), or nil if it does not ask for
  /// that.
  let watchdogInterval: Duration?

  /// The time that systemd waits for the next notification of a replay.
  ///
  /// A replay sends one each second, unless the disk does not answer.
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

  /// Sends a change without waiting.
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

  /// Returns the interval that the environment asks for.
  ///
  /// `WATCHDOG_PID` names another process if a parent must answer and not this one.
  private static func watchdogInterval(_ environment: [String: String]) -> Duration? {
    guard let microseconds = Int64(environment["WATCHDOG_USEC"] ?? ""), microseconds > 0 else { return nil }
    if let process = environment["WATCHDOG_PID"], process != "\(Program.id)" { return nil }
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

  /// Returns the time of CLOCK_MONOTONIC.
  private static func monotonicMicroseconds() -> UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000 }
}

/// Another program's datagram socket, by its path or, if that begins with `@`, by its name in Linux's abstract
/// namespace.
struct NotificationSocket: Sendable {
  /// The name in the system's form, in which an abstract one begins with a zero byte.
  private let name: [UInt8]

  /// The longest wait for a full socket.
  private static let patienceSeconds = 1

  /// Parses the text, or returns nil if it is neither such a path nor such a name, or is longer than an address can be.
  init?(_ text: String) {
    var name = Array(text.utf8)
    guard let first = name.first, name.count > 1, !name.contains(0) else { return nil }
    guard first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else { return nil }
    guard name.count < LocalDatagram.nameBytesEnd else { return nil }
    if first == UInt8(ascii: "@") { name[0] = 0 }
    self.name = name
  }

  /// Sends the text as one datagram.
  func send(_ text: String) throws(Errno) {
    try LocalDatagram.send(Array(text.utf8), to: name, patienceSeconds: Self.patienceSeconds)
  }
}

/// A service that tells systemd that the server is alive, twice in each interval that it asks for, as long as the
/// ledger answers.
///
/// A failed log is no reason to stay silent: such a server refuses changes and says so, and a restart on the same disk
/// would end the answers that it can still give.
struct Watchdog: Service {
  let engine: RotationEngine
  let notification: ServiceNotification
  let interval: Duration

  func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        _ = await engine.statistics
        notification.tell(.alive)
      } while (try? await Task.sleep(for: interval / 2)) != nil
    }
  }
}
