public import RotationModel
public import SystemPackage
public import TokenLedger
public import TokenSigning

/// An engine that issues, rotates, verifies and revokes tokens over one durable ledger: everything but HTTP.
///
///     let engine = try await RotationEngine.open(folder: "tokens")
///     let web = Client(id: "web", isPublic: true)
///     let pair = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: [])
///     switch try await engine.refresh(pair.refreshToken, client: web) {
///     case .granted(let next): print(next.accessToken)
///     case .refused(let refusal): print(refusal.reason)
///     }
///
/// The engine can be used from any number of tasks at once. A call that changes anything returns once the change is
/// durable (``EngineOptions/durability``).
public final class RotationEngine: Sendable {
  public let options: EngineOptions
  /// The store of the subjects that may log in and stay logged in, or nil if the embedder authenticates subjects itself
  /// and wants no check at refresh.
  public let subjects: (any SubjectStore)?
  /// The findings of opening the log, or nil for an engine in memory or on a ledger of the embedder's.
  public let recovery: LedgerRecovery?
  let ledger: any SessionLedger
  let keys: KeyRing
  /// The reader of unknown keys, or nil if nobody else signs with keys that this engine reads.
  let lookups: KeyLookups?
  let clock: SessionClock
  let observer: any EngineObserver

  let proofs: ProofChecks
  let openings: SessionOpenings
  let refreshing: RefreshGrant
  let clientCredentials: ClientCredentialsGrant
  let imports: SessionImports
  /// The one-time tokens, or nil if the ledger keeps none.
  let oneTimeTokens: OneTimeTokens?
  let access: AccessVerification
  let inquiries: TokenInquiries

  init(
    options: EngineOptions, keys: KeyRing, lookups: KeyLookups? = nil, ledger: any SessionLedger,
    recovery: LedgerRecovery?, subjects: (any SubjectStore)?, clock: SessionClock, observer: any EngineObserver
  ) {
    self.options = options
    self.subjects = subjects
    self.recovery = recovery
    self.ledger = ledger
    self.keys = keys
    self.lookups = lookups
    self.clock = clock
    self.observer = observer
    let minter = TokenMinter(ring: keys, issuer: options.issuer, audience: options.audience)
    let verifier = TokenVerifier(ring: keys, issuer: options.issuer, audience: options.audience)
    let minting = Minting(options: options, minter: minter, ledger: ledger)
    let register = ledger.register
    proofs = ProofChecks(options: options.dpop, keys: keys, ledger: ledger)
    openings = SessionOpenings(minting: minting, proofs: proofs, subjects: subjects, observer: observer)
    refreshing = RefreshGrant(
      minting: minting, proofs: proofs, verifier: verifier, lookups: lookups, subjects: subjects, register: register,
      observer: observer)
    clientCredentials = ClientCredentialsGrant(minting: minting, proofs: proofs, subjects: subjects, observer: observer)
    imports = SessionImports(minting: minting, observer: observer)
    oneTimeTokens = (ledger as? any OneTimeLedger).map {
      OneTimeTokens(ledger: $0, minter: minter, verifier: verifier, lookups: lookups, observer: observer)
    }
    access = AccessVerification(
      verifier: verifier, lookups: lookups, ledger: ledger, register: register, proofs: proofs)
    inquiries = TokenInquiries(
      ledger: ledger, verifier: verifier, lookups: lookups, access: access, observer: observer)
  }

  /// Opens the engine whose keys and log are in `folder`, which is created with mode 0700 if it does not exist.
  ///
  /// The log is replayed before this returns; `onProgress` is called now and then meanwhile.
  ///
  /// - Throws: ``EngineError`` at once if another process has the folder open, if the log is damaged (nothing on disk
  ///   is changed then), if a key file is unsafe, or if a setting is outside its limit.
  public static func open(
    folder: FilePath, options: EngineOptions = EngineOptions(), subjects: (any SubjectStore)? = nil,
    observer: any EngineObserver = SilentObserver(), clock: SessionClock = .system,
    onProgress: @escaping (LedgerReplayProgress) -> Void = { _ in }
  ) async throws(EngineError) -> RotationEngine {
    Libcrypto.keepUntilExit()
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
      throw .log(error)
    }
    do {
      let keys = try KeyRing(folder: folder.appending("keys").string, algorithm: options.algorithm)
      return RotationEngine(
        options: options, keys: keys, ledger: opened.ledger, recovery: opened.recovery, subjects: subjects,
        clock: clock, observer: observer)
    } catch {
      try? await opened.ledger.close()
      throw .keys("\(error)")
    }
  }

  /// Creates an engine on a ledger of the caller's, such as one that many processes share.
  ///
  /// The engine's ``close()`` closes the ledger. If the initializer throws, the ledger stays open.
  ///
  /// - Parameters:
  ///   - ledger: The ledger, which gives the time of all tokens.
  ///   - keyFolder: The folder of the key files, created with mode 0700 if it does not exist, or nil for new keys that
  ///     are never written.
  ///   - options: The options of the engine.
  ///   - subjects: The store of the subjects, or nil if the embedder authenticates subjects itself and wants no check
  ///     at refresh.
  ///   - observer: The observer of the engine's events.
  ///   - clock: The clock that dates changes of keys.
  /// - Throws: ``EngineError/invalid(field:limit:)`` for an option outside its limit, and ``EngineError/keys(_:)`` if a
  ///   key file is unsafe or cannot be read or made.
  public convenience init(
    ledger: any SessionLedger, keyFolder: FilePath? = nil, options: EngineOptions = EngineOptions(),
    subjects: (any SubjectStore)? = nil, observer: any EngineObserver = SilentObserver(), clock: SessionClock = .system
  ) throws(EngineError) {
    try options.validate()
    let keys: KeyRing
    do {
      if let keyFolder {
        keys = try KeyRing(folder: keyFolder.string, algorithm: options.algorithm)
      } else {
        keys = KeyRing(TokenKeys.generate(options.algorithm))
      }
    } catch {
      throw .keys("\(error)")
    }
    self.init(
      options: options, keys: keys, ledger: ledger, recovery: nil, subjects: subjects, clock: clock, observer: observer)
  }

  /// Returns an engine without a log, with new keys that are never written, for tests of an embedder.
  public static func inMemory(
    options: EngineOptions = EngineOptions(), subjects: (any SubjectStore)? = nil,
    observer: any EngineObserver = SilentObserver(), clock: SessionClock = .system
  ) throws(EngineError) -> RotationEngine {
    try RotationEngine(
      ledger: RefreshLedger.inMemory(
        sessionsPerSubjectMax: options.sessionsPerSubjectMax, clock: clock, random: OpenSSLRandom()),
      options: options, subjects: subjects, observer: observer, clock: clock)
  }

  /// True if changes are accepted.
  ///
  /// False for good after a failed write or sync and after ``close()``, and false while the disk has not answered for
  /// ``RefreshLedger/stallSeconds``.
  public var isReady: Bool { ledger.health.state == .acceptsChanges }

  /// True if no changes will be accepted until the engine is opened again.
  public var isClosedForWrites: Bool {
    if case .closed = ledger.health.state { true } else { false }
  }

  /// The health of the ledger at this moment.
  ///
  /// Reading it waits for nothing.
  public var health: LedgerHealth { ledger.health }

  /// The store behind the ledger, named without a secret.
  public var store: LedgerStore { ledger.store }

  /// The algorithm with which access tokens are signed now.
  public var accessAlgorithm: SignatureAlgorithm {
    keys.keys.access.first { $0.state == .current }?.algorithm ?? options.algorithm
  }

  /// The public keys in force as a JWK Set (RFC 7517), empty while access tokens are signed with HS256.
  public var publicKeySet: [UInt8] { keys.publicJWKS }

  /// Reads the key files again and puts their keys in force.
  ///
  /// If this throws, the keys in force stay.
  ///
  /// The call waits for the disk. ``run()`` does the same by itself within a second of a change. Keys in a database are
  /// read soon after the call, which then waits for nothing and throws nothing.
  public func reloadKeys() throws(EngineError) {
    if let lookups, keys.folder == nil { return lookups.readSoon() }
    do { try keys.reload() } catch { throw .keys("\(error)") }
  }

  /// Makes everything durable and closes the log with the mark of a clean shutdown.
  ///
  /// Every later change fails.
  public func close() async throws(EngineError) {
    do { try await ledger.close() } catch { throw EngineError(error) }
  }

  private static func makeFolder(_ folder: FilePath) throws(EngineError) {
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
