import Platform
import Synchronization

/// The queries of sessions and figures. An answer, like any other, waits until what it rests on is durable.
extension RefreshLedger {
  public nonisolated func session(_ id: SessionID) async throws(LedgerError) -> Session? {
    let staged = await look(at: id)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }

  private func look(at id: SessionID) -> Staged<Session?> { machine.session(id) }

  /// Returns a page of sessions; see ``SessionLedger/sessions(of:after:limit:)``.
  ///
  /// The call visits only the sessions of the page or, for `all`, each slot.
  public nonisolated func sessions(
    of scope: SessionScope, after cursor: SessionCursor? = nil, limit: Int = 100
  ) async throws(LedgerError) -> SessionPage {
    try Limits.page.check("limit", limit)
    let staged = try await page(of: scope, after: cursor, limit: limit)
    if !isDurable(through: staged.sequence) { try await durable(through: staged.sequence) }
    return staged.outcome
  }

  private func page(
    of scope: SessionScope, after cursor: SessionCursor?, limit: Int
  ) throws(LedgerError) -> Staged<SessionPage> {
    try machine.page(of: scope, after: cursor, limit: limit)
  }

  /// Returns the number of sessions of a scope; see ``SessionLedger/sessionCount(of:)``.
  ///
  /// Sessions that ended since the last sweep, or by a wide revocation that was not swept yet, are counted too.
  public func sessionCount(of scope: SessionScope) -> Int { machine.sessionCount(of: scope) }

  /// Returns the subjects and clients with live sessions; see ``SessionLedger/holders()``.
  ///
  /// The call works in steps between which other calls run. A session that is opened or ends meanwhile counts only if
  /// its slot is visited while it is live.
  public nonisolated func holders() async -> SessionHolders {
    var subjects: Set<ExactName> = []
    var holders = SessionHolders(subjects: [], clients: [])
    var places: [HolderKey: Int] = [:]
    var next: Int? = 0
    while let slot = next {
      let step = await self.holders(from: slot)
      for subject in step.holders.subjects where subjects.insert(ExactName(subject)).inserted {
        holders.subjects.append(subject)
      }
      for found in step.holders.clients {
        let key = HolderKey(client: ExactName(found.client), version: found.version)
        if let place = places[key] {
          let first = holders.clients[place].firstOpening
          holders.clients[place].firstOpening = min(first, found.firstOpening)
        } else {
          places[key] = holders.clients.count
          holders.clients.append(found)
        }
      }
      next = step.next
    }
    return holders
  }

  private func holders(from slot: Int) -> (holders: SessionHolders, next: Int?) { machine.holders(from: slot) }

  /// A copy of the whole state, for tests.
  package var state: LedgerState { machine.state }

  var sequence: UInt64 { machine.sequence }

  var shownTime: Timestamp { machine.state.shifts.wallTime(of: machine.state.highestTime) }

  public nonisolated var register: any AccessRegister { LedgerRegister(revocations, successorWatch) }

  public nonisolated func now() -> Timestamp { time.now() }

  public nonisolated var health: LedgerHealth {
    let state: LedgerHealth.State
    if let failure = logFailure {
      state = .closed(failure.description)
    } else {
      state = isStalled ? .stalled : .acceptsChanges
    }
    return LedgerHealth(state: state, clockShiftSeconds: time.shift(of: time.now(), inForce: 0))
  }

  public var statistics: LedgerStatistics {
    LedgerStatistics(
      liveSessions: machine.state.liveSessionCount, entries: machine.state.table.count, sequence: machine.sequence,
      durableSequence: log?.durableSequence ?? machine.sequence, logBytes: bytesSinceCheckpoint,
      clockShiftSeconds: machine.state.shifts.seconds, isWritable: logFailure == nil)
  }

  /// The figures of the log, or nil for a ledger in memory.
  package nonisolated var logStatistics: LogStatistics? { log?.statistics }

  /// True if the heartbeat found that the disk does not answer.
  package nonisolated var isStalled: Bool { log?.isStalled ?? false }

  /// The reason that the log no longer accepts writes, or nil while it does.
  public nonisolated var logFailure: LogError? {
    guard let log else { return isClosedInMemory.load(ordering: .relaxed) ? .closed : nil }
    return log.failure
  }
}

/// A name that is compared byte by byte, since an older log can hold one name in several spellings.
private struct ExactName: Hashable {
  private let name: String

  init(_ name: String) {
    self.name = name
  }

  static func == (left: ExactName, right: ExactName) -> Bool { left.name.hasSameBytes(as: right.name) }

  func hash(into hasher: inout Hasher) { name.hashExactly(into: &hasher) }
}

private struct HolderKey: Hashable {
  var client: ExactName
  var version: AccountVersion
}

/// The register that the verifiers of this process ask, of a ledger with a log.
private struct LedgerRegister: FollowedRegister {
  private let revocations: Revocations
  private let successorWatch: SuccessorWatch

  init(_ revocations: Revocations, _ successorWatch: SuccessorWatch) {
    self.revocations = revocations
    self.successorWatch = successorWatch
  }

  func isRefused(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool {
    revocations.refuse(token, subject: subject, client: client, issuedAt: issuedAt)
  }

  func isMarked(subject: String, client: String, issuedAt: Int64) -> Bool {
    revocations.isMarked(subject: subject, client: client, issuedAt: issuedAt)
  }

  func noteUse(of token: TokenID, issuedAt: Int64, now: Timestamp) {
    successorWatch.note(token, issuedAt: issuedAt, now: now)
  }

  var journal: RevocationJournal { revocations.journal }

  func listing(at now: Timestamp) -> (revocations: [Revocation], cursor: RevocationJournal.Cursor) {
    revocations.listing(at: now)
  }
}
