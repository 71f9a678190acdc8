#if Postgres
public import TokenEngine
internal import TokenLedger

/// Users in the database of a `PostgresLedger`, under the rules of ``SubjectFile``: one record for each user, by its
/// name in NFC.
///
/// Every instance on the database sees a change within 100 ms while the database answers, and reports to its observer
/// whose sessions end with it. While the database does not answer, the former users stay in force for look-ups, and
/// changes are refused with ``AccountError/database(_:path:)``. Before an instance revokes a session because its user
/// changed, and once a session is open, it reads the user from the database itself.
///
/// A look-up costs two locks. A change is durable when its method returns, on a standby as well if one is required; two
/// programs that change one user at the same time take turns. There can be at most 100,000 users. No call blocks a
/// thread of Swift's pool.
public final class DatabaseSubjects: SubjectStore, SubjectDirectory {
  private let records: AccountRecords<UserEntry>
  private let lookup: SubjectLookup<AccountRecords<UserEntry>>

  package var place: String { records.place }

  init(
    _ store: any AccountRecordStore, pool: PasswordPool, cost: PasswordCost,
    observer: @escaping @Sendable (AccountFileEvent) -> Void
  ) async throws(AccountError) {
    records = try await AccountRecords(store, observer: observer)
    lookup = try SubjectLookup(records, pool: pool, cost: cost)
  }

  /// Authenticates a user.
  ///
  /// An unknown name takes the time of an existing one, as in a ``SubjectFile``.
  ///
  /// - Throws: ``StoreError/overloaded`` if the pool is full.
  public func authenticate(name: String, password: String) async throws(StoreError) -> Subject? {
    try await lookup.authenticate(name: name, password: password)
  }

  public func subject(id: String) async -> Subject? {
    await lookup.subject(id: id)
  }

  /// Returns the user as the database has it now.
  ///
  /// The cost is a transaction.
  ///
  /// - Throws: ``StoreError/unreadable(_:)`` if the database does not answer.
  public func latestSubject(id: String) async throws(StoreError) -> Subject? {
    // The database is not asked for a name that no user can have.
    guard let name = try? UserEntry.checked(id) else { return nil }
    do throws(AccountError) {
      return try await records.latest(name)?.subject
    } catch {
      throw StoreError(error)
    }
  }

  public func loginName(ignoringCase name: String) async -> String {
    await lookup.loginName(ignoringCase: name)
  }

  /// Returns the users in the order of their names' bytes, read anew.
  public func list() async throws(AccountError) -> [Subject] {
    try await records.reload().entries.map(\.subject).sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
  }

  package func otherSpellings() -> [String] { [] }

  /// Reads the users again, and throws if their newest version is not in force.
  public func reload() async throws(AccountError) {
    _ = try await records.reload()
  }

  /// Waits until known changes are in force.
  ///
  /// No heartbeat is needed, since changes are read as the database reports them.
  public func follow() async {
    _ = await records.current()
  }

  /// Adds an enabled user with a password of 8 to 1024 bytes, which is hashed on the pool.
  public func add(name: String, password: String, scopes: Scopes) async throws(AccountError) {
    // The name is checked before the password is hashed, so that a refusal does not cost a hash.
    let checked = try UserEntry.checked(name)
    guard try await records.latest(checked) == nil else { throw .exists(.user, name: checked) }
    let hash = try await lookup.pool.hash(password, cost: lookup.cost)
    try await add(name: name, hash: hash, scopes: scopes)
  }

  /// Adds an enabled user whose password was hashed elsewhere, with argon2 or bcrypt.
  public func add(name: String, hash: PasswordHash, scopes: Scopes) async throws(AccountError) {
    try await records.make(.adding(name: name, hash: hash, scopes: scopes))
  }

  /// Sets whether the user can log in and refresh.
  ///
  /// Disabling ends the user's sessions: a refresh finds that out by itself, and access tokens are refused once an
  /// observer of ``AccountFileEvent/ended(_:names:)`` has called ``RotationEngine/revokeSessions(of:)``.
  public func setEnabled(name: String, _ isEnabled: Bool) async throws(AccountError) {
    try await records.make(.setting(enabled: isEnabled, of: name))
  }

  /// Sets the user's password, which is hashed on the pool, and ends the user's sessions as disabling does.
  public func setPassword(name: String, _ password: String) async throws(AccountError) {
    let hash = try await lookup.pool.hash(password, cost: lookup.cost)
    try await records.make(.setting(hash, of: name))
  }

  public func remove(name: String) async throws(AccountError) {
    try await records.make(.removing(name))
  }
}
#endif
