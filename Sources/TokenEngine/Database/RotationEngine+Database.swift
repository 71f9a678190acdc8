#if Postgres
internal import Platform
internal import RotationModel
internal import SystemPackage
public import TokenLedgerPostgres
internal import TokenSigning

/// Engines that share a database: any number of instances, on any number of machines, with the same sessions.
extension RotationEngine {
  /// Opens an engine on a database that other instances use too. What one of them does the others go on from.
  ///
  /// The tables must be there: `refresh-ledger database init` makes them. Each change is committed in the database
  /// before its outcome is answered, and if ``PostgresOptions/standby-swift.property`` asks for it on a synchronous
  /// standby; the options of a log say nothing here. The first engine makes the keys, and says as whom tokens are
  /// issued.
  ///
  /// - Parameters:
  ///   - database: a URL or connection string of libpq, with any number of hosts: `postgresql://tokens@db1,db2/tokens`.
  ///     A password comes by libpq's own means: the environment, a password file, a service file.
  ///   - keys: where the signing keys are.
  ///   - store: how the database is used. ``EngineOptions/sessionsPerSubjectMax`` stands for its own.
  /// - Throws: ``EngineError/ledger(_:)`` with one line that says what stands in the way and what to do: temporary
  ///   if the database does not answer. ``EngineError/invalid(field:limit:)`` with the field `issuer` if the
  ///   ledger's tokens are another's, ``EngineError/keys(_:)`` for keys that cannot be used.
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

  /// The same on a ledger that is open, for stores that stand on it too. ``close()`` closes the ledger; if this
  /// throws, it stays open.
  ///
  /// - Throws: also ``EngineError/invalid(field:limit:)`` with the field `sessionsPerSubjectMax` if the ledger was
  ///   opened with another.
  public static func open(
    ledger: PostgresLedger, keys: SharedKeys, options: EngineOptions = EngineOptions(),
    subjects: (any SubjectStore)? = nil, observer: any EngineObserver = SilentObserver()
  ) async throws(EngineError) -> RotationEngine {
    try await open(
      ledger: ledger, keys: keys, options: options, subjects: subjects, observer: observer, announcesPolicy: true)
  }

  /// The same, also for an engine that comes and goes beside the instances.
  ///
  /// - Parameter announcesPolicy: whether lifetimes, grace and the rest become those that the next instance is compared
  ///   with; false for a command, whose settings are not those of the instances.
  package static func open(
    ledger: PostgresLedger, keys: SharedKeys, options: EngineOptions, subjects: (any SubjectStore)?,
    observer: any EngineObserver, announcesPolicy: Bool
  ) async throws(EngineError) -> RotationEngine {
    try options.validate()
    let sessionsMax = ledger.options.sessionsPerSubjectMax
    guard options.sessionsPerSubjectMax == sessionsMax else {
      throw .invalid(field: "sessionsPerSubjectMax", limit: "\(sessionsMax), as in the options of the ledger")
    }
    // First: an engine that cannot have its keys says nothing of whose the ledger's tokens are.
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
        // So that an older master key can be put away once an engine has started with the new one before it.
        if let sealed = source as? SealedKeys { _ = try sealed.reseal() }
        return ring
      }
    } catch {
      throw EngineError(KeyChangeError.files(error))
    }
  }
}

extension PostgresLedger {
  /// The ledger's own time, by which keys that are changed say since when.
  fileprivate var clock: SessionClock {
    SessionClock(wall: { self.now() }, bootMilliseconds: { SessionClock.system.bootMilliseconds() })
  }
}

extension EngineError {
  /// Why a database was not opened. What can pass is temporary.
  fileprivate init(opening error: DatabaseError) {
    let mayPass =
      switch error {
      // A wrong password or user, and a database that is not there.
      case .refusedConnection(let code?, _): !code.hasPrefix("28") && code != "3D000"
      case .unsuitable, .malformed: false
      default: true
      }
    self = .ledger(mayPass ? .unavailable(error.description) : .closed(error.description))
  }
}
#endif
