internal import Synchronization
public import TokenEngine

/// A page for whoever runs the server: how much is going on, a subject's sessions and their lives, revocation, keys, the log.
///
///     let console = AdminConsole()
///     let engine = try await RotationEngine.open(folder: "tokens", observer: console.observer)
///     let server = TokenApplication.make(engine: engine, clients: clients, additionalRoutes: [console], logger: logger)
///
/// Whoever opens ``makeLink()`` signs in, as does an admin client with its secret; docs/console.md says what protects it. Who is signed in and
/// what was counted is kept in memory. Make one for a server.
public final class AdminConsole: Sendable {
  /// Where it is, below the server's path prefix; begins with a slash and ends without one.
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

  /// To be the engine's observer, or one of an ``EngineObserverGroup``: without it the console knows no rates.
  public var observer: any EngineObserver { activity }

  /// What to put behind the server's URL and path prefix: it signs in once, within ten minutes, and voids the link before.
  public func makeLink() -> String {
    "\(path)/link?secret=\(link.make())"
  }
}

/// The link that signs in once: its secret is known to whoever reads the terminal, and here by its digest alone.
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

  /// A new secret; the one before is void.
  func make() -> String {
    let secret = RandomSecret()
    pending.withLock { $0 = Pending(digest: secret.digest, end: now() + Self.lifetime) }
    return secret.text
  }

  /// Whether it is the secret, which is void from then on.
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
