internal import Synchronization

/// The revocations that living access tokens can still fall under.
///
/// Verifiers in this process look them up from any thread and without the ledger.
///
/// A revocation is listed from the moment of the decision, before it is durable. Access tokens can thus be refused
/// before anybody was told, and be accepted again after a crash that undid the decision. If nothing was revoked for the
/// longest lifetime of an access token (``Lifetimes/accessMillisecondsMax``), a look-up is one atomic load without a
/// lock.
package final class Revocations: Sendable {
  private struct Lists: Sendable {
    var sessions: Set<SessionID> = []
    var tokens: [TokenID: Timestamp] = [:]
    var marks: [TextScope: Timestamp] = [:]
    /// The sessions that were opened after a mark that covers their names, but in the same second; see
    /// ``Revocations/noteOpening(_:subject:client:at:)``.
    var openedAfterMark: [SessionID: Timestamp] = [:]

    var count: Int { sessions.count + tokens.count + marks.count }

    func isAnyMark(of subject: String, _ client: String, _ condition: (Timestamp) -> Bool) -> Bool {
      guard !marks.isEmpty else { return false }
      func meets(_ scope: TextScope) -> Bool { marks[scope].map(condition) ?? false }
      return meets(.subject(subject)) || meets(.client(client)) || meets(.both(subject, client)) || meets(.all)
    }

    /// Checks whether something issued in this second can have been issued before a mark or, for a session whose
    /// opening is known to the millisecond, was opened before one.
    ///
    /// A later mark covers what an earlier one does not.
    func isMarked(_ subject: String, _ client: String, issuedAt: Int64, of session: SessionID? = nil) -> Bool {
      let since =
        session.flatMap { openedAfterMark[$0]?.milliseconds }
        ?? issuedAt.multipliedReportingOverflow(by: 1000).partialValue
      return isAnyMark(of: subject, client) { since < $0.milliseconds }
    }
  }

  private let count = Atomic<Int>(0)
  private let lists = Mutex(Lists())
  let journal = RevocationJournal()

  init() {}

  /// Checks whether the session was revoked by itself.
  ///
  /// The check never blocks on I/O.
  package func contains(_ session: SessionID) -> Bool {
    guard count.load(ordering: .acquiring) != 0 else { return false }
    return lists.withLock { $0.sessions.contains(session) }
  }

  /// Checks whether a verified access token is refused: it or its session was revoked, or a mark on its subject, its
  /// client or all sessions covers its time.
  ///
  /// The check never blocks on I/O. `issuedAt` is the `iat` claim, in seconds since the epoch.
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

  /// Checks whether a mark covers a refresh token of a session that the ledger has forgotten.
  package func isMarked(subject: String, client: String, issuedAt: Int64) -> Bool {
    guard count.load(ordering: .acquiring) != 0 else { return false }
    return lists.withLock { $0.isMarked(subject, client, issuedAt: issuedAt) }
  }
}

// MARK: - Changes that the ledger reports

extension Revocations {
  /// Adds a session that was revoked at `now`, in the ledger's time.
  func insert(_ session: SessionID, at now: Timestamp) {
    change { lists in
      lists.sessions.insert(session)
      journal.append(CollectionOfOne(Self.told(.session(session), at: now)))
    }
  }

  /// Removes a session whose entry in the ledger has ended, and with it every access token.
  func remove(_ session: SessionID) {
    change { $0.sessions.remove(session) }
  }

  func insert(_ token: TokenID, until end: Timestamp) {
    change { lists in
      lists.tokens[token] = max(end, lists.tokens[token] ?? .zero)
      journal.append(CollectionOfOne(Revocation(time: .zero, until: end, kind: .token(token))))
    }
  }

  func mark(_ scope: SessionScope, at time: Timestamp) {
    change { lists in
      lists.marks[TextScope(scope)] = time
      journal.append(CollectionOfOne(Self.told(.scope(scope), at: time)))
    }
  }

  func endMark(_ scope: SessionScope) {
    change { $0.marks[TextScope(scope)] = nil }
  }

  /// Notes the opening of a session.
  ///
  /// A token states the second of its issue, a mark its millisecond. Sessions that are opened after a mark in the same
  /// second must therefore be listed by id, or their tokens would be taken for older ones.
  func noteOpening(_ session: SessionID, subject: String, client: String, at time: Timestamp) {
    guard count.load(ordering: .acquiring) != 0 else { return }
    lists.withLock { lists in
      let isClose = lists.isAnyMark(of: subject, client) { $0 <= time && $0.seconds == time.seconds }
      // An earlier entry of a session that was imported under this id is no longer valid.
      lists.openedAfterMark[session] = isClose ? time : nil
      if isClose { journal.append(CollectionOfOne(Self.told(.exemption(session), at: time))) }
    }
  }

  /// Returns a revocation in the form in which other processes are told of it.
  ///
  /// The number of the revocation is its millisecond, which is also what the lists here compare: an opening in the
  /// millisecond of a mark is after it.
  private static func told(_ kind: Revocation.Kind, at time: Timestamp) -> Revocation {
    Revocation(
      number: time.milliseconds, time: time, until: time.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax),
      kind: kind)
  }

  /// Returns everything that is listed, and the cursor after it.
  ///
  /// Each listed session is told as if it had been revoked at `now`, the ledger's time, since it can be listed for
  /// longer than an access token lives.
  func listing(at now: Timestamp) -> (revocations: [Revocation], cursor: RevocationJournal.Cursor) {
    // Under the lock a reference to the lists is taken; their entries are visited after it.
    let (lists, cursor) = lists.withLock { ($0, journal.follow()) }
    let revocations =
      lists.sessions.map { Self.told(.session($0), at: now) }
      + lists.tokens.map { Revocation(time: .zero, until: $0.value, kind: .token($0.key)) }
      + lists.marks.map { Self.told(.scope($0.key.scope), at: $0.value) }
      + lists.openedAfterMark.map { Self.told(.exemption($0.key), at: $0.value) }
    return (revocations, cursor)
  }

  /// Forgets access tokens that have expired at `now`, and sessions whose first tokens have.
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

extension Revocations {
  /// Adds the revocations of a state that was read from disk.
  func fill(from state: borrowing LedgerState) {
    for (key, time) in state.marks.sorted() { mark(state.scope(of: key), at: time) }
    for (token, end) in state.revokedTokens where end > state.highestTime { insert(token, until: end) }
    for slot in 0..<UInt32(state.table.slotCount) {
      let entry = state.table[slot]
      if entry.status == .revoked { insert(entry.id, at: state.highestTime) }
      guard entry.status == .live, !state.marks.isEmpty, let profile = state.profiles[entry.detail] else { continue }
      noteOpening(
        entry.id, subject: state.name(entry.subject), client: state.name(profile.client),
        at: entry.openedAt)
    }
  }
}
