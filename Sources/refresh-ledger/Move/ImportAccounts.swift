import Platform
import TokenAccounts
import TokenEngine
import TokenHTTP
import TokenLedger
import TokenObservability

/// The check of an import's lines against the existing users and clients, and the lifetimes of the settings.
struct ImportAccounts {
  enum Verdict {
    case live(ForeignSession)
    /// The session has expired by its own times.
    case ended
  }

  private let users: [String: Subject]
  private let clients: [String: Client]
  private let settings: ServerSettings
  private let now: Timestamp
  /// The number of earlier occurrences of the same line.
  private var seen: [SessionID: UInt32] = [:]

  /// The client of every session with `wire: romm`, which has no clients.
  private static let rommClient = Client(id: "romm", isPublic: true)
  private static let hour: Int64 = 3_600_000
  private static let minute: Int64 = 60_000

  init(
    users: any SubjectDirectory, clients: any ClientDirectory, settings: ServerSettings, now: Timestamp
  ) async throws(CommandError) {
    self.settings = settings
    self.now = now
    do throws(AccountError) {
      self.users = Dictionary(try await users.list().map { ($0.id, $0) }) { first, _ in first }
      self.clients = Dictionary(try await clients.list().map { ($0.id, $0) }) { first, _ in first }
    } catch {
      throw CommandError(error)
    }
  }

  mutating func judge(_ line: [UInt8]) throws(ImportedSession.Refusal) -> Verdict {
    let session = try ImportedSession.read(line)
    let client = try client(session.client)
    let scopes = try scopes(session, client)
    try check(session, client)
    // Ended sessions are counted too: the id of a line must not depend on the time of the import.
    let origin = SessionID(digestOf: line)
    let earlier = seen[origin, default: 0]
    seen[origin] = earlier + 1
    guard let left = left(session, client) else { return .ended }
    let id = earlier == 0 ? origin : SessionID(digestOf: line + Array("\n\(earlier)".utf8))
    return .live(
      ForeignSession(
        id: id, subject: session.subject, client: client, scopes: scopes, label: session.label,
        version: users[session.subject]?.version ?? .none, millisecondsLeft: left, key: session.key,
        attributes: session.attributes))
  }

  private func client(_ id: String?) throws(ImportedSession.Refusal) -> Client {
    if settings.http.wire == .romm {
      guard id == nil || id == Self.rommClient.id else {
        throw ImportedSession.Refusal(
          description: "client_id is not used with wire: romm, which has no clients; leave it out")
      }
      return Self.rommClient
    }
    guard let id else {
      throw ImportedSession.Refusal(description: "client_id is missing; write whose client holds it")
    }
    guard let client = clients[id] else {
      throw ImportedSession.Refusal(
        description: "there is no client \(Self.shown(id)); add it first: refresh-ledger clients add")
    }
    guard client.grants.contains(.refreshToken) else {
      throw ImportedSession.Refusal(description: "the client \(Self.shown(id)) may not refresh; give it that grant")
    }
    return client
  }

  private func scopes(_ session: ImportedSession, _ client: Client) throws(ImportedSession.Refusal) -> Scopes {
    guard let user = users[session.subject] else {
      throw ImportedSession.Refusal(
        description: "there is no user \(Self.shown(session.subject)); add it first: refresh-ledger users add")
    }
    guard user.isEnabled else {
      throw ImportedSession.Refusal(
        description: "the user \(Self.shown(session.subject)) is disabled; enable it or remove the line")
    }
    let allowed = client.scopes.map(user.scopes.intersection) ?? user.scopes
    guard let text = session.scope else { return allowed }
    guard let scopes = Scopes(text) else {
      throw ImportedSession.Refusal(
        description: "scope is malformed; write scope tokens with single spaces between them")
    }
    guard scopes.isSubset(of: allowed) else {
      let over = scopes.tokens.filter { !allowed.contains($0) }.joined(separator: " ")
      throw ImportedSession.Refusal(
        description:
          "scope holds \(Self.shown(over)), which its user and client may not have; leave that out or allow it")
    }
    return scopes
  }

  private func check(_ session: ImportedSession, _ client: Client) throws(ImportedSession.Refusal) {
    guard session.key == nil || client.isPublic && settings.http.wire == .standard else {
      throw ImportedSession.Refusal(
        description: "cnf binds only the session of a public client, with wire: standard; remove it")
    }
    guard let label = session.label else { return }
    let isPlain = !label.hasControlCharacters
    guard isPlain, (1...SessionGrant.labelBytesMax).contains(label.utf8.count) else {
      throw ImportedSession.Refusal(
        description:
          "label is empty, longer than \(SessionGrant.labelBytesMax) bytes or holds a control character; shorten it")
    }
  }

  /// Returns the milliseconds that the session can still live, or nil if it has ended.
  ///
  /// The number is rounded down, so that thousands of sessions share the lifetimes that the ledger stores.
  private func left(_ session: ImportedSession, _ client: Client) -> Int64? {
    if let end = session.idleEnd, end <= now { return nil }
    let longest = (client.lifetimes.absolute ?? settings.engine.absoluteLifetime).wholeMilliseconds
    let ends = [session.expiresAt, session.openedAt?.advanced(byMilliseconds: longest)].compactMap(\.self)
    let left = min(longest, ends.map { $0.millisecondsSince(now) }.min() ?? longest)
    guard left > 0 else { return nil }
    guard left < longest else { return longest }
    let step = left >= 24 * Self.hour ? Self.hour : left >= Self.hour ? Self.minute : 1000
    return max(1, left - left % step)
  }

  /// Returns the name for a message of one line.
  private static func shown(_ name: String) -> String {
    "\"\(LogText.line(String(name.prefix(64))))\""
  }
}
