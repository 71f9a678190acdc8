internal import Synchronization
internal import TokenEngine
internal import TokenLedger
internal import TokenObservability

/// Who is signed in, by the digest of a cookie: in memory, a bounded number, and for a bounded time.
final class ConsoleSessions: Sendable {
  static let idleMax = Duration.seconds(15 * 60)
  static let ageMax = Duration.seconds(8 * 3600)
  static let countMax = 32

  private let sessions = Mutex<[RandomSecret.Digest: ConsoleSession]>([:])
  private let now: @Sendable () -> ContinuousClock.Instant

  init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
    self.now = now
  }

  /// Returns the cookie's value. Where there are too many, whoever did nothing for the longest is signed out.
  func open(for user: ConsoleUser) -> String {
    let now = now()
    let secret = RandomSecret()
    let session = ConsoleSession(user: user, formToken: RandomSecret(), openedAt: now, usedAt: now)
    sessions.withLock { sessions in
      sessions = sessions.filter { Self.isOpen($0.value, at: now) }
      if sessions.count >= Self.countMax, let oldest = sessions.min(by: { $0.value.usedAt < $1.value.usedAt }) {
        sessions[oldest.key] = nil
      }
      sessions[secret.digest] = session
    }
    return secret.text
  }

  /// Nil where the cookie is none of ours, or its time is over.
  ///
  /// - Parameter isUse: false for what a page asks by itself, which keeps nobody signed in.
  func session(_ cookie: String, isUse: Bool) -> ConsoleSession? {
    let now = now()
    let key = RandomSecret.Digest(of: cookie)
    return sessions.withLock { sessions in
      guard let session = sessions[key] else { return nil }
      guard Self.isOpen(session, at: now) else {
        sessions[key] = nil
        return nil
      }
      if isUse { sessions[key]?.usedAt = now }
      return session
    }
  }

  func close(_ cookie: String) {
    sessions.withLock { $0[RandomSecret.Digest(of: cookie)] = nil }
  }

  private static func isOpen(_ session: ConsoleSession, at now: ContinuousClock.Instant) -> Bool {
    now - session.usedAt < idleMax && now - session.openedAt < ageMax
  }
}

/// A stay of a user in the console.
struct ConsoleSession: Sendable {
  let user: ConsoleUser
  /// What every form that changes anything must carry.
  let formToken: RandomSecret
  let openedAt: ContinuousClock.Instant
  var usedAt: ContinuousClock.Instant
}

/// Who is signed in to the console.
enum ConsoleUser: Sendable, Hashable {
  /// Whoever opened the link that was printed where the server runs.
  case link
  /// An admin client as it was when it signed in: one that was added again since under its id is another.
  case client(id: String, version: AccountVersion)

  /// For pages.
  var name: String {
    switch self {
    case .link: "one-time link"
    case .client(let id, _): id
    }
  }

  /// For log lines, in which a client that is called as the other cannot be taken for it.
  var logText: String {
    switch self {
    case .link: "link"
    case .client(let id, _): LogText.line("client \(id)")
    }
  }
}

/// Whoever is signed in and asks.
struct ConsoleVisitor: Sendable, RedactedValue {
  let session: ConsoleSession
  let cookie: String

  /// What every form that changes anything holds.
  var formField: HTML {
    "<input type=\"hidden\" name=\"form_token\" value=\"\(session.formToken.text)\">"
  }
}
