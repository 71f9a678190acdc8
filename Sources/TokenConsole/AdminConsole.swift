internal import Synchronization
public import TokenEngine

/// A web page for the operator of the server: its activity, the sessions of a subject with their history, revocation,
/// keys, and the log.
///
///     let console = AdminConsole()
///     let engine = try await RotationEngine.open(folder: "tokens", observer: console.observer)
///     let server = TokenApplication.make(
///       engine: engine, clients: clients, additionalRoutes: [console], logger: logger)
///
/// Whoever opens ``makeLink()`` signs in, as does an admin client with its secret; docs/console.md describes the
/// protection. The log-ins and the counts are kept in memory. Make one console for each server.
public final class AdminConsole: Sendable {
  /// The path below the server's path prefix; it begins with a slash and ends without one.
  public let path: String
  let activity: ConsoleActivity
  let sessions: ConsoleSessions
  let link: ConsoleLink

  public init(path: String = "/console") {
    self.path = path
    activity = ConsoleActivity()
    sessions = ConsoleSessions()
    link = ConsoleLink()
  }

  init(path: String, clock: @escaping @Sendable () -> ContinuousClock.Instant) {
    self.path = path
    activity = ConsoleActivity(now: clock)
    sessions = ConsoleSessions(now: clock)
    link = ConsoleLink(now: clock)
  }

  /// The observer for the engine, alone or in an ``EngineObserverGroup``; without it the console has no rates.
  public var observer: any EngineObserver { activity }

  /// Returns the path to put behind the server's URL and path prefix.
  ///
  /// The link signs in once, within ten minutes, and voids the one before.
  public func makeLink() -> String {
    "\(path)/link?secret=\(link.make())"
  }
}

/// A link that signs in once.
///
/// The reader of the terminal knows its secret; only its digest is kept here.
final class ConsoleLink: Sendable {
  static let lifetime = Duration.seconds(600)

  private struct Pending {
    let digest: RandomSecret.Digest
    let end: ContinuousClock.Instant
  }

  private let pending = Mutex<Pending?>(nil)
  private let now: @Sendable () -> ContinuousClock.Instant

  init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
    self.now = now
  }

  /// Makes a new secret; the one before is void.
  func make() -> String {
    let secret = RandomSecret()
    pending.withLock { $0 = Pending(digest: secret.digest, end: now() + Self.lifetime) }
    return secret.text
  }

  /// Checks the secret, and voids it if it is right.
  func take(_ secret: String) -> Bool {
    let digest = RandomSecret.Digest(of: secret)
    let now = now()
    return pending.withLock { pending in
      guard let held = pending, held.digest == digest else { return false }
      pending = nil
      return now < held.end
    }
  }
}
