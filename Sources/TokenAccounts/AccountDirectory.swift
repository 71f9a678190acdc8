package import TokenEngine

/// A store of users that can also list and change them: ``SubjectFile``, or `DatabaseSubjects` of the trait `Postgres`.
///
/// Commands and the server use one of these. The methods of a file block for the disk and for password hashes, while
/// those of a database wait for both.
package protocol SubjectDirectory: SubjectStore {
  /// The path of the file, or the database and its schema without a password, as errors and events name it.
  var place: String { get }

  /// Returns all users as they are now, in the order of the file, or by name in a database.
  func list() async throws(AccountError) -> [Subject]

  /// Returns the names that are stored in another Unicode normal form than NFC, unchanged.
  ///
  /// A database has none.
  func otherSpellings() async throws(AccountError) -> [String]

  /// Reads the users again, and throws if their newest version is not in force.
  func reload() async throws(AccountError)

  /// Reports a change to the observer even if nobody logs in; meant for a heartbeat.
  func follow() async

  /// Adds an enabled user with a password of 8 to 1024 bytes.
  func add(name: String, password: String, scopes: Scopes) async throws(AccountError)

  /// Adds an enabled user whose password was hashed elsewhere, with argon2 or bcrypt.
  func add(name: String, hash: PasswordHash, scopes: Scopes) async throws(AccountError)

  /// Sets whether the user can log in and refresh.
  ///
  /// Disabling ends the user's sessions.
  func setEnabled(name: String, _ isEnabled: Bool) async throws(AccountError)

  /// Sets the user's password, which ends the user's sessions as disabling does.
  func setPassword(name: String, _ password: String) async throws(AccountError)

  func remove(name: String) async throws(AccountError)
}

/// A store of clients that can also list and change them: ``ClientFile``, or `DatabaseClients` of the trait `Postgres`.
package protocol ClientDirectory: ClientStore {
  /// The path of the file, or the database and its schema; see ``SubjectDirectory/place``.
  var place: String { get }

  /// Returns all clients as they are now, in the order of the file, or by id in a database.
  func list() async throws(AccountError) -> [Client]

  /// Reads the clients again, and throws if their newest version is not in force.
  func reload() async throws(AccountError)

  /// Reports a change to the observer; see ``SubjectDirectory/follow()``.
  func follow() async

  /// Adds a client: a public one without a secret, any other with one of 16 to 1024 printable ASCII characters.
  func add(_ client: Client, secret: String?) async throws(AccountError)

  func remove(id: String) async throws(AccountError)
}
