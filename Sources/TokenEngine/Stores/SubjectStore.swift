public import RotationModel

/// A holder of sessions: a user, by the id that is put into `sub`.
public struct Subject: Sendable, Equatable {
  public var id: String
  /// True if the subject may log in and refresh.
  public var isEnabled: Bool
  /// The scopes that the subject may be granted.
  ///
  /// A request for more is `invalid_scope`.
  public var scopes: Scopes
  /// The version of the account, which changes whenever older sessions must not continue: with the password, when the
  /// subject is disabled, or when it is removed and created again.
  ///
  /// A session that was opened under another version is revoked at its next refresh.
  public var version: AccountVersion
  /// The moment before which sessions without a version, which a release before 0.2 opened, are outdated; nil if none
  /// are.
  public var sessionsNotBefore: Timestamp?

  public init(
    id: String, isEnabled: Bool = true, scopes: Scopes, version: AccountVersion = .none,
    sessionsNotBefore: Timestamp? = nil
  ) {
    self.id = id
    self.isEnabled = isEnabled
    self.scopes = scopes
    self.version = version
    self.sessionsNotBefore = sessionsNotBefore
  }
}

/// A store that the engine asks for subjects.
///
/// It can be a SQL table, a directory, or `SubjectFile` of `TokenAccounts`.
///
/// The engine asks before it consumes anything, so that an error of the store costs the caller a retry and no token. It
/// asks for many subjects at once if many requests come at once, even within one ``RotationEngine/refresh(_:)``; the
/// store must bound that itself if it needs to.
///
/// A store whose subjects have no passwords, because they sign in elsewhere, does not implement
/// ``authenticate(name:password:)``.
public protocol SubjectStore: Sendable {
  /// Returns the subject if the password is its password, or nil if it is not or there is no such name.
  ///
  /// A disabled subject with the right password is returned with `isEnabled == false`. The call must take the same time
  /// for an unknown name as for a wrong password: see `PasswordHash.unmatchable(cost:)` of `TokenAccounts`.
  func authenticate(name: String, password: String) async throws -> Subject?

  /// Returns the subject as it is now, or nil if it is gone. The engine asks at every refresh.
  func subject(id: String) async throws -> Subject?

  /// Returns the subject as it is behind the store, past any cache, or nil if it is gone.
  ///
  /// The engine asks before it refuses a subject as gone or disabled, before it revokes a session because its account
  /// has changed, and once a session is open: several programs may share what is behind the store, and this one may be
  /// the last to hear of a change. The default implementation calls ``subject(id:)``.
  func latestSubject(id: String) async throws -> Subject?

  /// Returns the name under which to log in if case is ignored, as with `wire: romm`.
  ///
  /// It is `name` itself if that exists or no name is like it, and else the only name that is equal to it in lower
  /// case. The default implementation returns `name`.
  func loginName(ignoringCase name: String) async throws -> String
}

extension SubjectStore {
  public func latestSubject(id: String) async throws -> Subject? { try await subject(id: id) }

  public func loginName(ignoringCase name: String) async throws -> String { name }
}

extension SubjectStore {
  /// Returns nil, since no password is right: for stores of subjects without passwords.
  public func authenticate(name: String, password: String) async throws -> Subject? { nil }
}

/// The reason that a store could not answer.
///
/// The HTTP layer then answers 503 with `Retry-After`, never `invalid_grant`.
@nonexhaustive
public enum StoreError: Error, Sendable, Equatable {
  /// More work is waiting than the store's bound allows; the call can be repeated later.
  case overloaded
  /// The data behind the store is unreadable. The text names the place and the cause, and holds no secret.
  case unreadable(String)
}
