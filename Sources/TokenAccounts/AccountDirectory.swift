package import TokenEngine

/// Users that are looked up, listed and changed, wherever they are kept: ``SubjectFile``, or `DatabaseSubjects` of the
/// trait `Postgres`.
///
/// Commands and server hold one of these. A file's methods block for the disk and for password hashes, a database's
/// wait for both.
package protocol SubjectDirectory: SubjectStore {
  /// The path of the file, or the database and its schema, without a password: as errors and events name it.
  var place: String { get }

  /// All users as they are now: in the order of the file, by name in a database.
  func list() async throws(AccountError) -> [Subject]

  /// Names that are kept in another Unicode normal form than NFC, as they stand there. A database holds none.
  func otherSpellings() async throws(AccountError) -> [String]

  /// Reads the users again, and throws if their newest version is not in force.
  func reload() async throws(AccountError)

  /// Sees to it that a change is told to the observer while nobody logs in: for a heartbeat.
  func follow() async

  /// Adds an enabled user with a password of 8 to 1024 bytes.
  func add(name: String, password: String, scopes: Scopes) async throws(AccountError)

  /// Adds an enabled user whose password was hashed elsewhere, with argon2 or bcrypt.
  func add(name: String, hash: PasswordHash, scopes: Scopes) async throws(AccountError)

  /// Sets whether the user can log in and refresh. Disabling ends the user's sessions.
  func setEnabled(name: String, _ isEnabled: Bool) async throws(AccountError)

  /// Ends the user's sessions, as disabling does.
  func setPassword(name: String, _ password: String) async throws(AccountError)

  func remove(name: String) async throws(AccountError)
}

/// Clients that are looked up, listed and changed, wherever they are kept: ``ClientFile``, or `DatabaseClients` of the
/// trait `Postgres`.
package protocol ClientDirectory: ClientStore {
  /// As ``SubjectDirectory/place``.
  var place: String { get }

  /// All clients as they are now: in the order of the file, by id in a database.
  func list() async throws(AccountError) -> [Client]

  /// Reads the clients again, and throws if their newest version is not in force.
  func reload() async throws(AccountError)

  /// As ``SubjectDirectory/follow()``.
  func follow() async

  /// Adds a client: a public one without a secret, any other with one of 16 to 1024 printable ASCII characters.
  func add(_ client: Client, secret: String?) async throws(AccountError)

  func remove(id: String) async throws(AccountError)
}
