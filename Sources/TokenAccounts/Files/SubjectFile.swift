public import TokenEngine
internal import TokenLedger

/// The embedded user file, `users.json`: `{"version": 1, "users": [{"name", "passwordHash", "scopes", "enabled",
/// "version"}]}`.
///
/// Look-ups see a change by another program, such as `refresh-ledger users`, within 10 ms. If the file becomes
/// unreadable, its former contents stay in force and the observer is told. Names are the subjects' ids. They are in
/// Unicode normal form C (NFC), however they are spelled in the file, in a look-up or in a change.
///
/// The look-ups never block a thread of Swift's pool. The methods that change the file are for command lines and
/// set-up: they block for the password hash and the disk, hold an advisory lock (`users.lock` beside the file) against
/// other writers, and return when the change is durable. The file has mode 0600 and at most 100,000 users.
public final class SubjectFile: SubjectStore, SubjectDirectory {
  public static let fileName = "users.json"

  private let file: AccountFile<UserEntry>
  private let lookup: SubjectLookup<AccountFile<UserEntry>>

  package var place: String { file.path }

  /// Opens the file at `path`, which need not exist: without a file there are no users.
  ///
  /// - Parameters:
  ///   - path: The path of the file. A lock file is beside it.
  ///   - pool: The pool that verifies passwords. Share one between several files to bound them together.
  ///   - cost: The cost of new hashes.
  ///   - observer: A closure that is called for every change that was read or refused, on a queue of the file's. It
  ///     must not call back.
  /// - Throws: ``AccountError/inaccessible(path:what:fix:)`` if there is a file that cannot be read, and
  ///   ``AccountError/malformed(path:what:fix:)`` if its contents are refused or others can change it.
  public convenience init(
    path: String, pool: PasswordPool = PasswordPool(), cost: PasswordCost = .standard,
    observer: @escaping @Sendable (AccountFileEvent) -> Void = { _ in }
  ) throws(AccountError) {
    try self.init(
      path: path, pool: pool, cost: cost, clock: AccountClock.now, observer: observer)
  }

  init(
    path: String, pool: PasswordPool, cost: PasswordCost, clock: @escaping @Sendable () -> Duration,
    observer: @escaping @Sendable (AccountFileEvent) -> Void
  ) throws(AccountError) {
    file = try AccountFile(path: path, clock: clock, observer: observer)
    lookup = try SubjectLookup(file, pool: pool, cost: cost)
  }

  /// Authenticates a user.
  ///
  /// For an unknown name the hash of some user, always the same for one name, is verified and the result dropped. This
  /// takes the time of an existing user, even if the file has hashes of several kinds and costs.
  ///
  /// - Throws: ``StoreError/overloaded`` if the pool is full.
  public func authenticate(name: String, password: String) async throws(StoreError) -> Subject? {
    try await lookup.authenticate(name: name, password: password)
  }

  public func subject(id: String) async -> Subject? {
    await lookup.subject(id: id)
  }

  public func loginName(ignoringCase name: String) async -> String {
    await lookup.loginName(ignoringCase: name)
  }

  /// Returns the users in the order of the file, read anew if it changed.
  public func list() throws(AccountError) -> [Subject] {
    try file.reload().entries.map(\.subject)
  }

  /// Returns the names that the file has in another Unicode normal form than NFC, unchanged.
  ///
  /// Each stands for the same name in NFC, which the next change of the file writes.
  package func otherSpellings() throws(AccountError) -> [String] {
    try file.reload().otherSpellings
  }

  /// Reads the file again if it changed, and throws if its newest version is not in force.
  public func reload() throws(AccountError) {
    _ = try file.reload()
  }

  /// Adds an enabled user with a password of 8 to 1024 bytes.
  public func add(name: String, password: String, scopes: Scopes) throws(AccountError) {
    // The name is checked before the password is hashed, so that a refusal does not cost a hash.
    let checked = try UserEntry.checked(name)
    guard try file.reload()[checked] == nil else { throw .exists(.user, name: checked) }
    try add(name: name, hash: PasswordHash.make(password: password, cost: lookup.cost), scopes: scopes)
  }

  /// Adds an enabled user whose password was hashed elsewhere, with argon2 or bcrypt.
  public func add(name: String, hash: PasswordHash, scopes: Scopes) throws(AccountError) {
    try file.make(.adding(name: name, hash: hash, scopes: scopes))
  }

  /// Sets whether the user can log in and refresh.
  ///
  /// Disabling ends the user's sessions: a refresh finds that out by itself, and access tokens are refused once a
  /// follower of the file has called ``RotationEngine/revokeSessions(of:)``.
  public func setEnabled(name: String, _ isEnabled: Bool) throws(AccountError) {
    try file.make(.setting(enabled: isEnabled, of: name))
  }

  /// Sets the user's password, which ends the user's sessions as disabling does.
  public func setPassword(name: String, _ password: String) throws(AccountError) {
    let hash = try PasswordHash.make(password: password, cost: lookup.cost)
    try file.make(.setting(hash, of: name))
  }

  /// Checks whether the file has changed, as a look-up does.
  ///
  /// The check is meant for a heartbeat, so that a change is seen even if nobody logs in.
  public func follow() async {
    _ = await file.current()
  }

  public func remove(name: String) throws(AccountError) {
    try file.make(.removing(name))
  }

  /// Returns a copy of all users, for moving them.
  package func copy() throws(AccountError) -> AccountCopy {
    try AccountCopy(file.reload().entries, path: file.path)
  }

  /// Replaces all users by those of the copy.
  package func replaceAll(with copy: AccountCopy) throws(AccountError) {
    try file.replaceAll(with: copy.entries(path: file.path))
  }
}
