public import SystemPackage
public import TokenLedger
public import TokenSigning

/// Issues, rotates, verifies and revokes tokens over one durable ledger: everything but HTTP.
///
///     let engine = try await RotationEngine.open(folder: "tokens")
///     let web = Client(id: "web", isPublic: true)
///     let pair = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: [])
///     switch try await engine.refresh(pair.refreshToken, client: web) {
///     case .granted(let next): print(next.accessToken)
///     case .refused(let refusal): print(refusal.reason)
///     }
///
/// Safe from any number of tasks at once. A call that changes anything returns once that is durable
/// (``EngineOptions/durability``).
public final class RotationEngine: Sendable {
  public let options: EngineOptions
  /// Who may log in and stay logged in; nil where the embedder authenticates subjects itself and asks for no check at refresh.
  public let subjects: (any SubjectStore)?
  /// What the opening of the log found.
  public let recovery: LedgerRecovery?
  let ledger: RefreshLedger
  let minter: TokenMinter
  let verifier: TokenVerifier
  let keys: KeyRing
  let clock: SessionClock
  let observer: any EngineObserver

  init(
    options: EngineOptions, keys: KeyRing, ledger: RefreshLedger, recovery: LedgerRecovery?,
    subjects: (any SubjectStore)?, clock: SessionClock, observer: any EngineObserver
  ) throws(EngineFailure) {
    self.options = options
    self.subjects = subjects
    self.recovery = recovery
    self.ledger = ledger
    minter = TokenMinter(ring: keys, issuer: options.issuer, audience: options.audience)
    verifier = TokenVerifier(ring: keys, issuer: options.issuer, audience: options.audience)
    self.keys = keys
    self.clock = clock
    self.observer = observer
  }

  convenience init(
    options: EngineOptions, keys: TokenKeys, ledger: RefreshLedger, recovery: LedgerRecovery?,
    subjects: (any SubjectStore)?, clock: SessionClock, observer: any EngineObserver
  ) throws(EngineFailure) {
    try self.init(
      options: options, keys: KeyRing(keys), ledger: ledger, recovery: recovery, subjects: subjects, clock: clock,
      observer: observer)
  }

  /// Opens the engine whose keys and log are in `folder`, which is made with mode 0700 if it is absent.
  ///
  /// Replays the log before it returns; `onProgress` is called now and then meanwhile. Throws at once where another
  /// process has the folder open, where the log is damaged (nothing on disk is changed then), where a key file is
  /// unsafe, and for a setting outside its limit.
  public static func open(
    folder: FilePath, options: EngineOptions = EngineOptions(), subjects: (any SubjectStore)? = nil,
    observer: any EngineObserver = SilentObserver(), clock: SessionClock = .system,
    onProgress: @escaping (LedgerReplayProgress) -> Void = { _ in }
  ) async throws(EngineFailure) -> RotationEngine {
    try options.validate()
    try makeFolder(folder)
    var ledgerOptions = options.ledgerOptions
    ledgerOptions.onCommit = { duration in observer.engine(committedWithin: duration) }
    let opened: (ledger: RefreshLedger, recovery: LedgerRecovery)
    do {
      opened = try await RefreshLedger.open(
        folder: folder.appending("log"), options: ledgerOptions, clock: clock, random: OpenSSLRandom(),
        onProgress: onProgress)
    } catch {
      throw .ledger(error)
    }
    do {
      let keys = try KeyRing(folder: folder.appending("keys").string, algorithm: options.algorithm)
      return try RotationEngine(
        options: options, keys: keys, ledger: opened.ledger, recovery: opened.recovery, subjects: subjects,
        clock: clock, observer: observer)
    } catch {
      try? await opened.ledger.close()
      if let failure = error as? EngineFailure { throw failure }
      throw .keys("\(error)")
    }
  }

  /// An engine without a log and with keys of its own that are never written: for tests of an embedder.
  public static func inMemory(
    options: EngineOptions = EngineOptions(), subjects: (any SubjectStore)? = nil,
    observer: any EngineObserver = SilentObserver(), clock: SessionClock = .system
  ) throws(EngineFailure) -> RotationEngine {
    try options.validate()
    let ledger = RefreshLedger.inMemory(
      sessionsPerSubjectMax: options.sessionsPerSubjectMax, clock: clock, random: OpenSSLRandom())
    return try RotationEngine(
      options: options, keys: TokenKeys.generate(options.algorithm), ledger: ledger, recovery: nil, subjects: subjects,
      clock: clock,
      observer: observer)
  }

  /// The ledger's time. It never goes back, so a clock that is set back revives no token.
  func now() -> Timestamp { ledger.time.now() }

  /// The same, and not before a time that the ledger has decided at.
  func now(notBefore time: Timestamp) -> Timestamp { max(now(), time) }

  /// Whether changes are accepted: false for good after a failed write or sync and after ``close()``, and while the disk
  /// has not answered for ``RefreshLedger/stallSeconds``.
  public var isReady: Bool { ledger.logFailure == nil && !ledger.isStalled }

  /// Whether changes will not be accepted any more until the engine is opened again.
  public var isClosedForWrites: Bool { ledger.logFailure != nil }

  public var statistics: LedgerStatistics {
    get async { await ledger.statistics }
  }

  /// What access tokens are signed with now.
  public var accessAlgorithm: SignatureAlgorithm {
    keys.keys.access.first { $0.state == .current }?.algorithm ?? options.algorithm
  }

  /// The public keys in force as a JWK Set (RFC 7517); empty while access tokens are signed with HS256.
  public var publicKeySet: [UInt8] { keys.publicJWKS }

  /// Reads the key files again and puts their keys in force; when it throws, the keys stay as they are. Waits for the disk. ``run()`` does it by
  /// itself within a second of a change.
  public func reloadKeys() throws(EngineFailure) {
    do { try keys.reload() } catch { throw .keys("\(error)") }
  }

  /// Writes a checkpoint, which bounds the time of the next start and the size of the log; see
  /// ``RefreshLedger/checkpoint(onProgress:)``. ``run()`` does it by itself at ``EngineOptions/checkpointEvery``.
  @discardableResult
  public func checkpoint(
    onProgress: @escaping @Sendable (CheckpointProgress) -> Void = { _ in }
  ) async throws(EngineFailure) -> CheckpointReport? {
    do throws(LedgerFailure) {
      guard let report = try await ledger.checkpoint(onProgress: onProgress) else { return nil }
      observer.engine(
        observed: .checkpointed(
          sequence: report.sequence, entries: report.entries, bytes: report.bytes,
          segmentsRemoved: report.segmentsRemoved))
      return report
    } catch {
      observer.engine(observed: .checkpointFailed(error.description))
      throw .ledger(error)
    }
  }

  /// Makes everything durable and closes the log with the mark of a clean shutdown. Every later change fails.
  public func close() async throws(EngineFailure) {
    do { try await ledger.close() } catch { throw .ledger(error) }
  }

  private static func makeFolder(_ folder: FilePath) throws(EngineFailure) {
    do {
      try PrivateFolder.make(folder)
    } catch {
      throw .keys("cannot create \(folder): \(error); name a folder whose parent exists and is writable")
    }
    if let fault = PrivateFolder.fault(in: folder) { throw .keys(fault) }
  }
}

extension EngineOptions {
  var ledgerOptions: LedgerOptions {
    LedgerOptions(
      durability: durability, segmentBytesMax: segmentBytesMax, sessionsPerSubjectMax: sessionsPerSubjectMax)
  }
}
