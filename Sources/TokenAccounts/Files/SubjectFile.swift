public import TokenEngine
internal import TokenLedger

/// The embedded user file, `users.json`: `{"version": 1, "users": [{"name", "passwordHash", "scopes", "enabled",
/// "version"}]}`.
///
/// Look-ups see a change made by another program, as `refresh-ledger users` makes them, within 10 ms. A file that became
/// unreadable leaves what was read before in force and is reported to the observer. Names are the subjects' ids, in Unicode normal
/// form C (NFC) however they are spelled in the file, in a look-up or in a change.
///
/// The look-ups never block a thread of Swift's pool. The methods that change the file are for command lines and set-up:
/// they block for the password hash and the disk, hold an advisory lock (`users.lock` beside the file) against other
/// writers, and return when the change is durable. The file has mode 0600 and at most 100,000 users.
public final class SubjectFile: SubjectStore, SubjectDirectory {
  public static let fileName = "users.json"

  private let file: AccountFile<UserEntry>
  private let lookup: SubjectLookup<AccountFile<UserEntry>>

  package var place: String { file.path }

  /// Opens the file at `path`, which need not exist: no file is no users.
  ///
  /// - Parameters:
  ///   - pool: where passwords are verified. Share one between several files to bound them together.
  ///   - cost: of new hashes.
  ///   - observer: told of every change that was read or refused, on a queue of the file's; it must not call back.
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

  /// Throws ``StoreError/overloaded`` if the pool is full.
  ///
  /// For an unknown name the hash of some user, always the same for one name, is verified and its outcome dropped: the
  /// time is that of a user of this file, also if hashes of several kinds and costs are in it.
  public func authenticate(name: String, password: String) async throws(StoreError) -> Subject? {
    try await lookup.authenticate(name: name, password: password)
  }

  public func subject(id: String) async -> Subject? {
    await lookup.subject(id: id)
  }

  public func loginName(ignoringCase name: String) async -> String {
    await lookup.loginName(ignoringCase: name)
  }

  /// The users in the order of the file, read anew if it changed.
  public func list() throws(AccountError) -> [Subject] {
    try file.reload().entries.map(\.subject)
  }

  /// Names that the file holds in another Unicode normal form than NFC, as they stand there. Each is taken for the same name in NFC, and
  /// the next change of the file writes that.
  package func otherSpellings() throws(AccountError) -> [String] {
    try file.reload().otherSpellings
  }

  /// Reads the file again if it changed, and throws if its newest version is not in force.
  public func reload() throws(AccountError) {
    _ = try file.reload()
  }

  /// Adds an enabled user with a password of 8 to 1024 bytes.
  public func add(name: String, password: String, scopes: Scopes) throws(AccountError) {
    // Before the password is hashed: what is refused anyway should not cost that.
    let checked = try UserEntry.checked(name)
    guard try file.reload()[checked] == nil else { throw .exists(.user, name: checked) }
    try add(name: name, hash: PasswordHash.make(password: password, cost: lookup.cost), scopes: scopes)
  }

  /// Adds an enabled user whose password was hashed elsewhere, with argon2 or bcrypt.
  public func add(name: String, hash: PasswordHash, scopes: Scopes) throws(AccountError) {
    try file.make(.adding(name: name, hash: hash, scopes: scopes))
  }

  /// Sets whether the user can log in and refresh. Disabling ends the user's sessions: a refresh finds it out by itself, access
  /// tokens are refused once whoever follows the file has called ``RotationEngine/revokeSessions(of:)``.
  public func setEnabled(name: String, _ isEnabled: Bool) throws(AccountError) {
    try file.make(.setting(enabled: isEnabled, of: name))
  }

  /// Ends the user's sessions, as disabling does.
  public func setPassword(name: String, _ password: String) throws(AccountError) {
    let hash = try PasswordHash.make(password: password, cost: lookup.cost)
    try file.make(.setting(hash, of: name))
  }

  /// Looks whether the file has changed, as a look-up does: for a heartbeat, so that a change is seen while nobody logs in.
  public func follow() async {
    _ = await file.current()
  }

  public func remove(name: String) throws(AccountError) {
    try file.make(.removing(name))
  }

  /// All users, to be put elsewhere.
  package func copy() throws(AccountError) -> AccountCopy {
    try AccountCopy(file.reload().entries, path: file.path)
  }

  /// Puts these users in the place of all there are.
  package func replaceAll(with copy: AccountCopy) throws(AccountError) {
    try file.replaceAll(with: copy.entries(path: file.path))
  }
}
