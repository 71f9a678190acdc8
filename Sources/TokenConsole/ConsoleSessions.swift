internal import Synchronization
internal import TokenEngine
internal import TokenLedger
internal import TokenObservability

/// The log-ins of the console by the digest of a cookie: in memory, a bounded number, and for a bounded time.
final class ConsoleSessions: Sendable {
  static let idleMax = Duration.seconds(15 * 60)
  static let ageMax = Duration.seconds(8 * 3600)
  static let countMax = 32

  private let sessions = Mutex<[RandomSecret.Digest: ConsoleSession]>([:])
  private let now: @Sendable () -> ContinuousClock.Instant

  init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
    self.now = now
  }

  /// Opens a log-in and returns the cookie's value.
  ///
  /// If there are too many, the least recently used one ends.
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

  /// Returns the log-in of a cookie, or nil if the cookie is not one of ours, or its time is over.
  ///
  /// Requests that a page makes by itself are not a use of the log-in, and keep nobody signed in.
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

/// A user's log-in to the console.
struct ConsoleSession: Sendable {
  let user: ConsoleUser
  /// The token that every form that changes anything must carry.
  let formToken: RandomSecret
  let openedAt: ContinuousClock.Instant
  var usedAt: ContinuousClock.Instant
}

/// A user of the console.
enum ConsoleUser: Sendable, Hashable {
  /// Somebody who opened the link that was printed where the server runs.
  case link
  /// An admin client as it was when it signed in; a client that was added again under its id is another one.
  case client(id: String, version: AccountVersion)

  /// The name on pages.
  var name: String {
    switch self {
    case .link: "one-time link"
    case .client(let id, _): id
    }
  }

  /// The name in log lines.
  ///
  /// A client is marked as one, so that its id cannot pass for the link.
  var logText: String {
    switch self {
    case .link: "link"
    case .client(let id, _): LogText.line("client \(id)")
    }
  }
}

/// A signed-in visitor that makes a request.
struct ConsoleVisitor: Sendable, RedactedValue {
  let session: ConsoleSession
  let cookie: String

  /// The hidden field that every form that changes anything has.
  var formField: HTML {
    "<input type=\"hidden\" name=\"form_token\" value=\"\(session.formToken.text)\">"
  }
}
