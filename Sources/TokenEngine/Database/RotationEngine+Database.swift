#if Postgres
internal import Platform
internal import RotationModel
internal import SystemPackage
public import TokenLedgerPostgres
internal import TokenSigning

/// Engines that share a database: any number of instances, on any number of machines, with the same sessions.
extension RotationEngine {
  /// Opens an engine on a database that other instances use too.
  ///
  /// Each instance continues from what the others have done.
  ///
  /// The tables must exist: `refresh-ledger database init` makes them. Each change is committed in the database, and,
  /// if ``PostgresOptions/standby-swift.property`` asks for it, on a synchronous standby, before its outcome is
  /// answered. The first engine makes the keys and sets the issuer.
  ///
  /// - Parameters:
  ///   - database: A URL or connection string of libpq, with any number of hosts: `postgresql://tokens@db1,db2/tokens`.
  ///     A password comes by libpq's own means: the environment, a password file, a service file.
  ///   - keys: The place of the signing keys.
  ///   - options: The options of the engine; those of a log are ignored.
  ///   - store: The options of the database. ``EngineOptions/sessionsPerSubjectMax`` replaces their own setting.
  ///   - subjects: The store of the subjects, or nil if the embedder authenticates subjects itself and wants no check
  ///     at refresh.
  ///   - observer: The observer of the engine's events.
  /// - Returns: The engine, whose ``close()`` also closes its connections.
  /// - Throws: ``EngineError/ledger(_:)`` with one line that gives the cause and the fix; it is temporary if the
  ///   database does not answer. ``EngineError/invalid(field:limit:)`` for an option outside its limit, and with the
  ///   field `issuer` if the ledger's tokens have another issuer. ``EngineError/keys(_:)`` for keys that cannot be
  ///   used, and ``EngineError/store(_:)`` for keys that are out of reach.
  public static func open(
    database: String, keys: SharedKeys, options: EngineOptions = EngineOptions(),
    store: PostgresOptions = PostgresOptions(),
    subjects: (any SubjectStore)? = nil, observer: any EngineObserver = SilentObserver()
  ) async throws(EngineError) -> RotationEngine {
    try options.validate()
    var store = store
    store.sessionsPerSubjectMax = options.sessionsPerSubjectMax
    let ledger: PostgresLedger
    do throws(DatabaseError) {
      ledger = try await PostgresLedger.open(try DatabaseAddress(database), options: store)
    } catch {
      throw EngineError(opening: error)
    }
    do {
      return try await open(ledger: ledger, keys: keys, options: options, subjects: subjects, observer: observer)
    } catch {
      try? await ledger.close()
      throw error
    }
  }

  /// Opens an engine on a ledger that is already open, for stores that use it too.
  ///
  /// ``close()`` closes the ledger; if this throws, the ledger stays open.
  ///
  /// - Throws: In addition to the errors of ``open(database:keys:options:store:subjects:observer:)``,
  ///   ``EngineError/invalid(field:limit:)`` with the field `sessionsPerSubjectMax` if the ledger was opened with
  ///   another.
  public static func open(
    ledger: PostgresLedger, keys: SharedKeys, options: EngineOptions = EngineOptions(),
    subjects: (any SubjectStore)? = nil, observer: any EngineObserver = SilentObserver()
  ) async throws(EngineError) -> RotationEngine {
    try await open(
      ledger: ledger, keys: keys, options: options, subjects: subjects, observer: observer, announcesPolicy: true)
  }

  /// Opens an engine on an open ledger, including one that only runs for a while beside the instances.
  ///
  /// If `announcesPolicy` is true, the lifetimes, grace window and so on are stored as the policy with which the next
  /// instance is compared. A command passes false, since its settings are not those of the instances.
  package static func open(
    ledger: PostgresLedger, keys: SharedKeys, options: EngineOptions, subjects: (any SubjectStore)?,
    observer: any EngineObserver, announcesPolicy: Bool
  ) async throws(EngineError) -> RotationEngine {
    try options.validate()
    let sessionsMax = ledger.options.sessionsPerSubjectMax
    guard options.sessionsPerSubjectMax == sessionsMax else {
      throw .invalid(field: "sessionsPerSubjectMax", limit: "\(sessionsMax), as in the options of the ledger")
    }
    // The keys come first: an engine without keys must not set the issuer of the ledger's tokens.
    let ring = try await ring(keys, in: ledger, algorithm: options.algorithm)
    let policy = announcesPolicy ? IssuePolicy(options).description : nil
    let before: LedgerTerms
    do { before = try await ledger.exchangeTerms(issuer: options.issuer, policy: policy) } catch {
      throw EngineError(error)
    }
    if let issuer = before.issuer, !issuer.hasSameBytes(as: options.issuer) {
      throw .invalid(field: "issuer", limit: "\(issuer), as whom the ledger in \(ledger.place) issues tokens")
    }
    if let policy, let known = before.policy, known != policy {
      observer.engine(observed: .policyDiffers(before: known, now: policy))
    }
    return RotationEngine(
      options: options, keys: ring, lookups: KeyLookups(ring, observer: observer), ledger: ledger, recovery: nil,
      subjects: subjects, clock: ledger.clock, observer: observer)
  }

  /// Reads the keys, or makes them if there are none.
  private static func ring(
    _ keys: SharedKeys, in ledger: PostgresLedger, algorithm: SignatureAlgorithm
  ) async throws(EngineError) -> KeyRing {
    do throws(KeyError) {
      return try await BlockingWork.run { () throws(KeyError) in
        let source = try keys.source(in: ledger)
        let ring = try KeyRing(source, algorithm: algorithm)
        // Resealing allows an older master key to be removed once an engine has started with the new one first.
        if let sealed = source as? SealedKeys { _ = try sealed.reseal() }
        return ring
      }
    } catch {
      throw EngineError(KeyChangeError.files(error))
    }
  }
}

extension PostgresLedger {
  /// A clock with the ledger's own time, which dates changes of keys.
  fileprivate var clock: SessionClock {
    SessionClock(wall: { self.now() }, bootMilliseconds: { SessionClock.system.bootMilliseconds() })
  }
}

extension EngineError {
  /// Creates the error for a database that could not be opened, which is temporary if the cause can pass.
  fileprivate init(opening error: DatabaseError) {
    let mayPass =
      switch error {
      // The user or password is wrong, or the database does not exist.
      case .refusedConnection(let code?, _): !code.hasPrefix("28") && code != "3D000"
      case .unsuitable, .malformed: false
      default: true
      }
    self = .ledger(mayPass ? .unavailable(error.description) : .closed(error.description))
  }
}
#endif
