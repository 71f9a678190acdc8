/// A store of the sessions of a rotation engine: one process with a log (`RefreshLedger`), a database, or a dictionary
/// in a test.
///
/// Every outcome that a call returns, including a refusal, rests on durable state, so a caller cannot forget to wait
/// for it. If several callers present one token at the same time, exactly one succeeds. A call that throws
/// ``LedgerError/overloaded``, ``LedgerError/unavailable(_:)`` or ``LedgerError/invalid(field:limit:)`` has changed
/// nothing.
///
/// `reply` is called at most once, after the outcome is decided. A ledger that decides in memory calls it before the
/// outcome is durable, so that signing overlaps the wait, and drops the result if the outcome does not become durable;
/// a ledger in a database calls it once the outcome is durable. It must not call the ledger, except for ``now()`` and
/// the members of ``register``. It is not called if the call throws before anything is decided.
///
/// A call without a deadline waits for its outcome even if its task is cancelled; a caller that must report the
/// outcome, such as the observer of an engine, passes none. A call with a deadline stops waiting, but not the work,
/// when the deadline passes or the task is cancelled: it throws ``LedgerError/outcomeUnknown(_:)``, and the decision
/// stands. A deadline is kept to the second while ``run(_:)`` runs.
public protocol SessionLedger: Sendable {
  /// Consumes the presented token and makes its successor live, as one change, or refuses it, as ``RotationRule``
  /// decides.
  func rotate<Reply: Sendable>(
    _ request: RotationRequest, deadline: ContinuousClock.Instant?, reply: (Rotation, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Consumes the presented tokens in order, each as a call with that token alone would, in one step and with one
  /// commit.
  ///
  /// A batch has at most as many requests as ``Limits/batch`` allows. If one of them is outside its limits, no token is
  /// consumed.
  func rotate<Reply: Sendable>(
    _ batch: [RotationRequest], deadline: ContinuousClock.Instant?, reply: ([Rotation], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Opens a session and makes its generation 0 live.
  func open<Reply: Sendable>(
    _ grant: SessionGrant, deadline: ContinuousClock.Instant?, reply: (Session, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Opens sessions in order, in one step and with one commit, within the limits of a batch of rotations.
  func open<Reply: Sendable>(
    _ batch: [SessionGrant], deadline: ContinuousClock.Instant?, reply: ([Session], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Opens the sessions of a batch whose ids do not exist yet, in order, in one step and with one commit.
  ///
  /// An interrupted batch can be passed again: the sessions that had become durable are then present. An id is
  /// forgotten some time after its session has ended.
  func importSessions<Reply: Sendable>(
    _ batch: [SessionImport], reply: ([SessionImportOutcome], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply

  /// Revokes a session, so that none of its tokens is accepted again.
  ///
  /// The ``register`` refuses its access tokens before this returns.
  ///
  /// - Returns: True if the session was live.
  func revoke(_ session: SessionID) async throws(LedgerError) -> Bool

  /// Revokes every session of the scope that was opened before this moment, with all of its access tokens.
  ///
  /// The call costs one change, however many sessions there are. Sessions that are opened later are not revoked, even
  /// those opened in the same millisecond.
  ///
  /// - Returns: The number of sessions that were live. If the scope is wider than one subject, a session that is opened
  ///   or ends during the call can be counted wrongly.
  func revoke(_ scope: SessionScope) async throws(LedgerError) -> Int

  /// Revokes, one by one in one step, the live sessions of a subject that were opened under another version of its
  /// account.
  ///
  /// - Parameters:
  ///   - subject: The id of the subject.
  ///   - version: The version whose sessions continue.
  ///   - moment: The time before which a session whose version is ``AccountVersion/unknown`` must have been opened to
  ///     be revoked; nil to keep all of those.
  /// - Returns: The ids of the revoked sessions.
  /// - Throws: ``LedgerError`` if the ledger cannot make the change.
  func revoke(
    subject: String, openedUnderOtherThan version: AccountVersion, orBefore moment: Timestamp?
  ) async throws(LedgerError) -> [SessionID]

  /// Refuses one access token until its end, at most ``Lifetimes/accessMillisecondsMax`` from now; its session
  /// continues.
  func revokeAccess(_ token: TokenID, until end: Timestamp) async throws(LedgerError)

  /// Returns an unused session id and the time for an access token without a session, whose subject is its client.
  ///
  /// A revocation after this call ends the token; an earlier one does not. Nothing is written.
  func issueAccess(client: String) async throws(LedgerError) -> (id: SessionID, moment: LedgerMoment)

  /// Returns an unused session id and the time for an access token without a session that has the given lifetime.
  ///
  /// A ledger can forget a revocation once the last access token that it concerns has expired. By default this calls
  /// ``issueAccess(client:)``, which allows for the longest lifetime.
  ///
  /// - Parameters:
  ///   - client: The id of the client, which is the token's subject.
  ///   - accessMilliseconds: The lifetime of the token, at most ``Lifetimes/accessMillisecondsMax``.
  /// - Returns: The id, and the time at which the token is issued.
  /// - Throws: ``LedgerError`` if the ledger cannot give them.
  func issueAccess(
    client: String, accessMilliseconds: Int64
  ) async throws(LedgerError) -> (id: SessionID, moment: LedgerMoment)

  /// Returns the session if it is live now.
  func session(_ id: SessionID) async throws(LedgerError) -> Session?

  /// Returns a page of the live sessions of a scope, which can leave out a session that is opened meanwhile.
  ///
  /// - Parameters:
  ///   - scope: The sessions to list.
  ///   - cursor: The ``SessionPage/next`` of the page before, or nil for the first page.
  ///   - limit: The most sessions in the page; see ``Limits/page``.
  /// - Returns: The page, which can have fewer sessions than `limit` and not be the last.
  /// - Throws: ``LedgerError/invalid(field:limit:)`` with the field `after` if the position of the cursor is lost;
  ///   begin again from the first page.
  func sessions(
    of scope: SessionScope, after cursor: SessionCursor?, limit: Int
  ) async throws(LedgerError) -> SessionPage

  /// Returns the number of sessions of a scope, as a counter has it at once, without waiting for the counted sessions
  /// to be durable.
  ///
  /// Sessions that have ended can be counted for some seconds more.
  func sessionCount(of scope: SessionScope) async throws(LedgerError) -> Int

  /// Returns the subjects and clients that have sessions, so that the owner of the accounts can end the sessions of
  /// removed ones.
  ///
  /// This visits each session; other calls run in between.
  func holders() async throws(LedgerError) -> SessionHolders

  /// The register that verifiers of access tokens ask, in this process and without waiting.
  var register: any AccessRegister { get }

  /// Returns the ledger's time, which never stands still and never goes back, whatever the wall clock does.
  ///
  /// The call is allowed on any thread and waits for nothing.
  func now() -> Timestamp

  /// The health of the ledger at this moment, which can be read from any thread without waiting.
  var health: LedgerHealth { get }

  /// The store behind the ledger, ``LedgerStore/embedded`` by default.
  var store: LedgerStore { get }

  /// The figures of the ledger, which can be read without waiting for a disk.
  var statistics: LedgerStatistics { get async }

  /// Frees what has ended, and does the other background work of the ledger, until the task is cancelled.
  ///
  /// The closure `notice` must return at once.
  func run(_ notice: @escaping @Sendable (LedgerNotice) -> Void) async

  /// Makes all decisions durable and closes the ledger.
  ///
  /// Every later change throws ``LedgerError/closed(_:)``; the state in this process can still be read.
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
  /// The number of whole seconds by which ``time`` is ahead of the wall clock.
  public var shift: Int64

  public init(time: Timestamp, shift: Int64 = 0) {
    self.time = time
    self.shift = shift
  }
}

/// The register of access tokens that must be refused although they are signed and not expired.
///
/// Verifiers ask it from any thread and tell it which tokens they saw.
public protocol AccessRegister: Sendable {
  /// Checks whether a verified access token is refused.
  ///
  /// A token is refused if it or its session was revoked, or if a revocation of its subject, its client or all sessions
  /// covers the time at which it was issued. Every token is refused while ``LedgerHealth/refusesAccess`` is true. The
  /// check never waits for a disk or a network.
  ///
  /// - Parameters:
  ///   - token: The `jti` claim.
  ///   - subject: The `sub` claim.
  ///   - client: The `client_id` claim.
  ///   - issuedAt: The `iat` claim in the ledger's time, in seconds since the epoch.
  /// - Returns: True if the token is refused.
  func isRefused(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool

  /// Checks whether a wide revocation covers a refresh token of a session that the ledger has forgotten.
  func isMarked(subject: String, client: String, issuedAt: Int64) -> Bool

  /// Notes that an access token with this `jti` was verified, which closes the grace window of its predecessor.
  func noteUse(of token: TokenID, issuedAt: Int64, now: Timestamp)
}

/// A notice from a running ledger to its owner.
@nonexhaustive
public enum LedgerNotice: Sendable, Hashable {
  /// Somebody set the wall clock by more than two seconds (back, if `byMilliseconds` is negative), or it was behind the
  /// ledger's time at the start.
  case clockStepped(byMilliseconds: Int64, shiftSeconds: Int64)
  /// The store behind the ledger cannot be reached. The text is one line that gives the reason, without a secret. The
  /// notice is given once, until ``becameAvailable``.
  case becameUnavailable(String)
  /// The store answers again.
  case becameAvailable
  /// For this long nothing was heard of the revocations of other instances. The notice is given once, until
  /// ``feedCaughtUp``.
  case feedBecameStale(Duration)
  /// All revocations of other instances are known again.
  case feedCaughtUp
  /// A change may or may not have been made, and its caller was told so. The text is one line that gives the reason.
  case outcomeUnknown(String)
  /// The store has lost changes that it had acknowledged, as after a restore from a backup. Every call is refused until
  /// somebody has looked; the text is one line that says what to do.
  case fenced(String)
  /// Something stored cannot be read and was skipped: an event, which was reported as missed, or a revocation by
  /// another instance. The text is one line that names it, the cause and the fix. Each reader gives the notice once.
  case damaged(String)
}

/// Figures of a running ledger, each as of one moment.
public struct LedgerStatistics: Sendable, Hashable {
  /// The number of sessions that were neither revoked one by one nor swept after their end.
  ///
  /// Sessions that a wide revocation ended are counted until the sweep has passed, which takes seconds.
  public var liveSessions: Int
  /// The number of entries in memory: live sessions, revoked ones and one-time tokens, until their end.
  public var entries: Int
  /// The number of the last event.
  public var sequence: UInt64
  /// The number of the last event that is known to be durable.
  public var durableSequence: UInt64
  /// The bytes of log that a restart would read besides the last checkpoint; 0 without a log.
  public var logBytes: UInt64
  /// The number of whole seconds by which the ledger's time is ahead of the wall clock: 0 unless that was set back.
  public var clockShiftSeconds: Int64
  /// True if the ledger still accepts changes.
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

/// A session that is imported from elsewhere, under an id that the caller derives from its source.
public struct SessionImport: Sendable, Hashable {
  public var id: SessionID
  public var grant: SessionGrant

  public init(id: SessionID, grant: SessionGrant) {
    self.id = id
    self.grant = grant
  }
}

/// The outcome of importing a session.
public enum SessionImportOutcome: Sendable, Hashable {
  case opened(Session)
  /// The id existed already; the session as it is now, or nil if it has ended.
  case present(Session?)
}
