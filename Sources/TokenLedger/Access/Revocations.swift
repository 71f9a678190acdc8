internal import Platform
internal import Synchronization

/// What was revoked while access tokens of it may still be alive: what a verifier in this process asks, from any thread and
/// without the ledger.
///
/// Something is in it from the moment of the decision, before that is durable: whoever was not told yet may see its access tokens
/// refused, and accepted again after a crash that undid the decision. While nothing was revoked for the longest lifetime that
/// an access token can have (``Lifetimes/accessMillisecondsMax``), a look-up is one atomic load and no lock.
package final class Revocations: Sendable {
  private struct Lists {
    var sessions: Set<SessionID> = []
    var tokens: [TokenID: Timestamp] = [:]
    var marks: [TextScope: Timestamp] = [:]
    /// Opened after a mark that covers what they are, in the very second of it: see ``Revocations/noteOpening(_:subject:client:at:)``.
    var openedAfterMark: [SessionID: Timestamp] = [:]

    var count: Int { sessions.count + tokens.count + marks.count }

    func isAnyMark(of subject: String, _ client: String, _ condition: (Timestamp) -> Bool) -> Bool {
      guard !marks.isEmpty else { return false }
      func meets(_ scope: TextScope) -> Bool { marks[scope].map(condition) ?? false }
      return meets(.subject(subject)) || meets(.client(client)) || meets(.both(subject, client)) || meets(.all)
    }

    /// Whether what was issued in this second may have been issued before a mark; for a session whose opening is known to the
    /// millisecond, whether it was opened before one. A later mark covers what an earlier one does not.
    func isMarked(_ subject: String, _ client: String, issuedAt: Int64, of session: SessionID? = nil) -> Bool {
      let since =
        session.flatMap { openedAfterMark[$0]?.milliseconds }
        ?? issuedAt.multipliedReportingOverflow(by: 1000).partialValue
      return isAnyMark(of: subject, client) { since < $0.milliseconds }
    }
  }

  private let count = Atomic<Int>(0)
  private let lists = Mutex(Lists())

  init() {}

  /// Whether the session was revoked by itself. Never blocks on I/O.
  package func contains(_ session: SessionID) -> Bool {
    guard count.load(ordering: .acquiring) != 0 else { return false }
    return lists.withLock { $0.sessions.contains(session) }
  }

  /// Whether an access token with these claims, whose signature was verified, is refused: it or its session was revoked, or its
  /// subject's, its client's or all sessions of that time. Never blocks on I/O.
  ///
  /// - Parameter issuedAt: its `iat`, seconds since the epoch.
  @inline(__always)
  package func refuse(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool {
    guard count.load(ordering: .acquiring) != 0 else { return false }
    return isListed(token, subject: subject, client: client, issuedAt: issuedAt)
  }

  private func isListed(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool {
    lists.withLock { lists in
      if lists.sessions.contains(token.session) || lists.tokens[token] != nil { return true }
      return lists.isMarked(subject, client, issuedAt: issuedAt, of: token.session)
    }
  }

  /// Whether a refresh token of a session that the ledger has forgotten belongs to what a mark ended.
  package func isMarked(subject: String, client: String, issuedAt: Int64) -> Bool {
    guard count.load(ordering: .acquiring) != 0 else { return false }
    return lists.withLock { $0.isMarked(subject, client, issuedAt: issuedAt) }
  }
}

// MARK: - What the ledger tells it

extension Revocations {
  func insert(_ session: SessionID) {
    change { $0.sessions.insert(session) }
  }

  /// Its entry in the ledger has ended, and with it every access token.
  func remove(_ session: SessionID) {
    change { $0.sessions.remove(session) }
  }

  func insert(_ token: TokenID, until end: Timestamp) {
    change { $0.tokens[token] = max(end, $0.tokens[token] ?? .zero) }
  }

  func mark(_ scope: SessionScope, at time: Timestamp) {
    change { $0.marks[TextScope(scope)] = time }
  }

  func endMark(_ scope: SessionScope) {
    change { $0.marks[TextScope(scope)] = nil }
  }

  /// A token says the second of its issue, a mark its millisecond: of the sessions that are opened after a mark, those of the
  /// same second must be known by name, or their tokens would be taken for older ones.
  func noteOpening(_ session: SessionID, subject: String, client: String, at time: Timestamp) {
    guard count.load(ordering: .acquiring) != 0 else { return }
    lists.withLock { lists in
      let isClose = lists.isAnyMark(of: subject, client) { $0 <= time && $0.seconds == time.seconds }
      // What is known of one that was brought in under this id before holds no longer.
      lists.openedAfterMark[session] = isClose ? time : nil
    }
  }

  /// Forgets the access tokens that have ended at `now`, and sessions whose first tokens have.
  func forgetEnded(at now: Timestamp) {
    change { lists in
      lists.tokens = lists.tokens.filter { $0.value > now }
      let earliest = now.advanced(byMilliseconds: -Lifetimes.accessMillisecondsMax)
      lists.openedAfterMark = lists.openedAfterMark.filter { $0.value >= earliest }
    }
  }

  private func change(_ body: (inout sending Lists) -> Void) {
    lists.withLock { lists in
      body(&lists)
      count.store(lists.count, ordering: .releasing)
    }
  }
}

/// A ``SessionScope`` whose names are the same only byte by byte.
package struct TextScope: Hashable, Sendable {
  private let subject: String?
  private let client: String?

  package static let all = TextScope()

  package static func subject(_ subject: String) -> TextScope { TextScope(subject: subject) }
  package static func client(_ client: String) -> TextScope { TextScope(client: client) }
  package static func both(_ subject: String, _ client: String) -> TextScope {
    TextScope(subject: subject, client: client)
  }

  /// The names that are nil stand for all.
  package init(subject: String? = nil, client: String? = nil) {
    self.subject = subject
    self.client = client
  }

  package init(_ scope: SessionScope) {
    switch scope {
    case .subject(let subject): self.init(subject: subject)
    case .client(let client): self.init(client: client)
    case .subjectAtClient(let subject, let client): self.init(subject: subject, client: client)
    case .all: self.init()
    }
  }

  package static func == (left: TextScope, right: TextScope) -> Bool {
    left.subject.hasSameBytes(as: right.subject) && left.client.hasSameBytes(as: right.client)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(subject == nil)
    subject?.hashExactly(into: &hasher)
    client?.hashExactly(into: &hasher)
  }
}

extension Revocations {
  /// Takes over what a state that was read from disk knows.
  func fill(from state: borrowing LedgerState) {
    for (key, time) in state.marks.sorted() { mark(state.scope(of: key), at: time) }
    for (token, end) in state.revokedTokens where end > state.highestTime { insert(token, until: end) }
    for slot in 0..<UInt32(state.table.slotCount) {
      let entry = state.table[slot]
      if entry.status == .revoked { insert(entry.id) }
      guard entry.status == .live, !state.marks.isEmpty, let profile = state.profiles[entry.detail] else { continue }
      noteOpening(
        entry.id, subject: state.name(entry.subject), client: state.name(profile.client),
        at: entry.openedAt)
    }
  }
}
