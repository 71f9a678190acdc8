/// Where the sessions of a rotation engine are kept: in one process with a log (`RefreshLedger`), in a database, or in a test's dictionary.
///
/// Every outcome that a call hands out, also a refusal, rests on what is durable: whoever calls cannot forget to wait for it. Of any number of
/// simultaneous presenters of one token one succeeds. A call that throws ``LedgerError/overloaded``, ``LedgerError/unavailable(_:)`` or
/// ``LedgerError/invalid(field:limit:)`` has changed nothing.
///
/// `reply` is called at most once, after the outcome is fixed. Where the ledger decides in memory it is called before that is durable, so that signing
/// overlaps the wait, and what it made is dropped if the outcome does not become durable; where a database decides, the outcome is durable then. It must
/// not call the ledger, other than for ``now()`` and what ``register`` has. It is not called where the call throws before anything is decided.
///
/// A call without a deadline waits for its outcome, also where its task is cancelled: whoever must tell somebody of it, as an engine's observer, passes
/// none. With one, its passing or a cancellation ends the wait and never the work: the call throws ``LedgerError/outcomeUnknown(_:)``, and what was
/// decided stays decided. A deadline is kept to the second while ``run(_:)`` runs.
public protocol SessionLedger: Sendable {
  /// Consumes the presented token and makes its successor live, as one change; or says why not. The verdict is ``RotationRule``'s.
  func rotate<Reply: Sendable>(
    _ request: RotationRequest, deadline: ContinuousClock.Instant?, reply: (Rotation, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Consumes the presented tokens, each as the same call for one would and in their order, in one step and with one commit for all.
  ///
  /// - Parameter batch: as many as ``Limits/batch`` allows. Where one of them is outside its limits none is consumed.
  func rotate<Reply: Sendable>(
    _ batch: [RotationRequest], deadline: ContinuousClock.Instant?, reply: ([Rotation], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Opens a session and makes its generation 0 live.
  func open<Reply: Sendable>(
    _ grant: SessionGrant, deadline: ContinuousClock.Instant?, reply: (Session, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Opens sessions, in their order, in one step and with one commit for all; the limits are those of a batch of rotations.
  func open<Reply: Sendable>(
    _ batch: [SessionGrant], deadline: ContinuousClock.Instant?, reply: ([Session], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Opens those sessions of a batch whose ids are not there yet, in their order, in one step and with one commit for all.
  ///
  /// So a batch that was cut off can be given again: what of it had become durable is present then. An id is forgotten some time after its session
  /// has ended.
  func importSessions<Reply: Sendable>(
    _ batch: [SessionImport], reply: ([SessionImportOutcome], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Ends a session: no token of it is accepted again. Returns whether it was live. ``register`` refuses its access tokens before this returns.
  func revoke(_ session: SessionID) async throws(LedgerError) -> Bool

  /// Ends every session that was opened before this moment and is the scope's, and every access token of them; returns how many were live.
  ///
  /// Costs one change, however many there are. Sessions that are opened from now on are not concerned, also in the same millisecond. Where the scope is
  /// wider than a subject, a session that is opened or ends meanwhile may be counted wrong.
  func revoke(_ scope: SessionScope) async throws(LedgerError) -> Int

  /// Ends the live sessions of a subject that were opened under another version of its account, one by one in one step, and returns them.
  ///
  /// - Parameter moment: of the sessions whose version is ``AccountVersion/unknown`` those are ended that were opened before it; nil for none.
  func revoke(
    subject: String, openedUnderOtherThan version: AccountVersion, orBefore moment: Timestamp?
  ) async throws(LedgerError) -> [SessionID]

  /// Has one access token refused until its end, at most ``Lifetimes/accessMillisecondsMax`` from now; its session goes on.
  func revokeAccess(_ token: TokenID, until end: Timestamp) async throws(LedgerError)

  /// An id that no session has, and the time for an access token that no session stands behind: its subject is its client. What is revoked after
  /// this ends the token, what was revoked before does not. Nothing is written.
  func issueAccess(client: String) async throws(LedgerError) -> (id: SessionID, moment: LedgerMoment)

  /// The same for a token that lives so long, at most ``Lifetimes/accessMillisecondsMax``: a ledger may forget a revocation once the last access token that it
  /// can concern has ended. By default ``issueAccess(client:)``, which is for one that lives as long as any.
  func issueAccess(
    client: String, accessMilliseconds: Int64
  ) async throws(LedgerError) -> (id: SessionID, moment: LedgerMoment)

  /// The session if it is live now.
  func session(_ id: SessionID) async throws(LedgerError) -> Session?

  /// The live sessions of a scope, in pages. A session that is opened meanwhile may be left out.
  ///
  /// - Parameters:
  ///   - cursor: ``SessionPage/next`` of the page before.
  ///   - limit: the most sessions in the page; see ``Limits/page``.
  /// - Throws: ``LedgerError/invalid(field:limit:)`` with the field `after` where the cursor's place is lost: begin anew.
  func sessions(
    of scope: SessionScope, after cursor: SessionCursor?, limit: Int
  ) async throws(LedgerError) -> SessionPage

  /// How many sessions a scope has, as a counter says at once, without a wait for what it counts to be durable: some that have ended may be counted
  /// for some seconds.
  func sessionCount(of scope: SessionScope) async throws(LedgerError) -> Int

  /// Who has sessions: for whoever keeps subjects and clients, to end what those have left that are gone. Costs a look at each session,
  /// between which other calls run.
  func holders() async throws(LedgerError) -> SessionHolders

  /// What verifiers of access tokens ask, in this process and without a wait.
  var register: any AccessRegister { get }

  /// The ledger's time, which never stands still and never goes back, whatever the wall clock does. From any thread; waits for nothing.
  func now() -> Timestamp

  /// How the ledger is at this moment. From any thread; waits for nothing.
  var health: LedgerHealth { get }

  /// What it stands on: ``LedgerStore/embedded`` by default.
  var store: LedgerStore { get }

  /// The ledger's figures. Never waits for a disk.
  var statistics: LedgerStatistics { get async }

  /// Frees what has ended, and whatever else the ledger does beside its callers, until the task is cancelled. `notice` must return at once.
  func run(_ notice: @escaping @Sendable (LedgerNotice) -> Void) async

  /// Makes everything that was decided durable and closes. Every later call that would change something throws ``LedgerError/closed(_:)``; what is
  /// known in this process can still be looked at.
  func close() async throws(LedgerError)
}

extension SessionLedger {
  public var store: LedgerStore { .embedded }

  public func issueAccess(
    client: String, accessMilliseconds: Int64
  ) async throws(LedgerError) -> (id: SessionID, moment: LedgerMoment) {
    try await issueAccess(client: client)
  }
}

/// The time of the step in which something was decided.
public struct LedgerMoment: Sendable, Hashable {
  public var time: Timestamp
  /// By how many whole seconds that is ahead of the wall clock.
  public var shift: Int64

  public init(time: Timestamp, shift: Int64 = 0) {
    self.time = time
    self.shift = shift
  }
}

/// What must be refused although it is signed and its time is not over: asked by verifiers of access tokens from any thread, and told what they saw.
public protocol AccessRegister: Sendable {
  /// Whether an access token with these claims, whose signature was verified, is refused: it or its session was revoked, or its subject's, its
  /// client's or all sessions of that time. Never waits for a disk or a network. Every token is, while ``LedgerHealth/refusesAccess`` says so.
  ///
  /// - Parameter issuedAt: its `iat` as the ledger's time has it, seconds since the epoch.
  func isRefused(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool

  /// Whether a refresh token of a session that the ledger has forgotten belongs to what a wide revocation ended.
  func isMarked(subject: String, client: String, issuedAt: Int64) -> Bool

  /// An access token with this `jti` was verified: the grace window of its predecessor closes.
  func noteUse(of token: TokenID, issuedAt: Int64, now: Timestamp)
}

/// What a running ledger tells whoever runs it.
@nonexhaustive
public enum LedgerNotice: Sendable, Hashable {
  /// Somebody set the wall clock by more than two seconds, back if `byMilliseconds` is negative; or it was behind the ledger at the start.
  case clockStepped(byMilliseconds: Int64, shiftSeconds: Int64)
  /// What the ledger stands on cannot be reached; the text is one line that says why, without a secret. Told once, until ``becameAvailable``.
  case becameUnavailable(String)
  /// It answers again.
  case becameAvailable
  /// Nothing was heard for so long of what other instances revoke. Told once, until ``feedCaughtUp``.
  case feedBecameStale(Duration)
  /// All that other instances have revoked is known again.
  case feedCaughtUp
  /// A change may or may not have been made, and whoever asked for it was told so; the text is one line that says why.
  case outcomeUnknown(String)
  /// What the ledger stands on has lost changes that it had acknowledged, as after a restore from a backup. Every call is refused until somebody has
  /// looked; the text is one line that says what to do.
  case fenced(String)
  /// Something that is kept cannot be read and was passed over: an event that was told as missed, or a revocation that another instance made. The text is
  /// one line that says what, why and the fix. Told once of each by whoever reads it.
  case damaged(String)
}

/// Figures of a running ledger, each as of one moment.
public struct LedgerStatistics: Sendable, Hashable {
  /// Sessions that were neither revoked one by one nor swept away since their end. What a wide revocation ended counts until
  /// the sweep has passed: seconds.
  public var liveSessions: Int
  /// Entries held: live, revoked and one-time, until they end.
  public var entries: Int
  /// The number of the last event.
  public var sequence: UInt64
  /// The number of the last event that is known to be durable.
  public var durableSequence: UInt64
  /// Bytes of log that a restart would read besides the last checkpoint; 0 where there is no log.
  public var logBytes: UInt64
  /// By how many whole seconds the ledger's time is ahead of the wall clock: 0 unless that was set back.
  public var clockShiftSeconds: Int64
  /// Whether the ledger still accepts changes.
  public var isWritable: Bool

  public init(
    liveSessions: Int, entries: Int, sequence: UInt64, durableSequence: UInt64, logBytes: UInt64,
    clockShiftSeconds: Int64, isWritable: Bool
  ) {
    self.liveSessions = liveSessions
    self.entries = entries
    self.sequence = sequence
    self.durableSequence = durableSequence
    self.logBytes = logBytes
    self.clockShiftSeconds = clockShiftSeconds
    self.isWritable = isWritable
  }
}

// MARK: - What not every ledger has

/// A ledger that tells what happened.
public protocol EventLedger: SessionLedger {
  /// What happens from now on, or from a place on.
  ///
  /// - Parameters:
  ///   - sequence: the number of the last event that is known already, ``AuditEvent/sequence``, 0 for all that the ledger still holds; nil for what
  ///     happens from now on.
  ///   - buffer: how many events are kept for a consumer that is slower than they come; see ``Limits/eventBuffer``. About 150 bytes each.
  /// - Throws: ``LedgerError/invalid(field:limit:)`` where `sequence` is ahead of the ledger, which then is not the one that it was read from.
  func events(after sequence: UInt64?, buffer: Int) async throws(LedgerError) -> AuditEvents

  /// What the ledger still tells of a session, live or ended; nil where it tells nothing, as one in memory does.
  func history(of session: SessionID, within limits: HistoryLimits) async throws(LedgerError) -> SessionHistory?

  /// The sessions of a subject that have ended, as far as the ledger still tells; nil where it tells nothing.
  func endedSessions(
    ofSubject subject: String, within limits: HistoryLimits
  ) async throws(LedgerError) -> EndedSessions?
}

/// A ledger that keeps tokens for any purpose that are consumed once.
public protocol OneTimeLedger: SessionLedger {
  /// Issues a one-time token.
  ///
  /// The id is no secret. Hand it out under a signature and present it here only once that is verified.
  func issue<Reply: Sendable>(
    _ grant: OneTimeGrant, reply: (SessionID, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Consumes a one-time token, once.
  func consume(_ id: SessionID, purpose: String) async throws(LedgerError) -> OneTimeConsumption
}

/// A session that is brought in from elsewhere, under an id that its caller works out from what it brings.
public struct SessionImport: Sendable, Hashable {
  public var id: SessionID
  public var grant: SessionGrant

  public init(id: SessionID, grant: SessionGrant) {
    self.id = id
    self.grant = grant
  }
}

/// What became of a session that was brought in.
public enum SessionImportOutcome: Sendable, Hashable {
  case opened(Session)
  /// The id was there already: its session as it is now, nil where it has ended.
  case present(Session?)
}
