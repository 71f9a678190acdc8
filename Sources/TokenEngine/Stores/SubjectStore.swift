public import RotationModel

/// Someone who can hold a session: a user, by the id that goes into `sub`.
public struct Subject: Sendable, Equatable {
  public var id: String
  /// A subject that is not enabled can neither log in nor refresh.
  public var isEnabled: Bool
  /// What the subject may be granted. A request for more is `invalid_scope`.
  public var scopes: Scopes
  /// Changes whenever the sessions that were opened before must not go on: with the password, when the subject is disabled, when it is removed
  /// and made again. A session that was opened under another version is revoked at its next refresh.
  public var version: AccountVersion
  /// The same for sessions that a release before 0.2 opened, which know no version: those that were opened before this moment. Nil for none.
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

/// Where the engine asks who a subject is. A SQL table, a directory or `SubjectFile` of `TokenAccounts` stands behind it.
///
/// The engine asks before it consumes anything, so a store that throws costs the caller a retry and no token. It asks for many subjects at
/// once where many requests come at once, also within one ``RotationEngine/refresh(_:)``: a bound on that is the store's to set.
///
/// A store whose subjects have no passwords, because they sign in elsewhere, leaves ``authenticate(name:password:)`` out.
public protocol SubjectStore: Sendable {
  /// The subject if the password is its password, nil if not or if there is no such name.
  ///
  /// A disabled subject with the right password is returned with `isEnabled == false`.
  /// Must take the same time for an unknown name as for a wrong password: see `PasswordHash.unmatchable(cost:)` of `TokenAccounts`.
  func authenticate(name: String, password: String) async throws -> Subject?

  /// The subject as it is now, nil where it is gone. Asked at every refresh.
  func subject(id: String) async throws -> Subject?

  /// The subject as it stands in what is behind the store, past any cache of the store's own; nil where it is gone. Asked before a
  /// subject is refused as gone or disabled, before a session is revoked because its account has changed, and once a session is open: several programs may share what is behind the store, and the one that
  /// asks may have heard of a change last. The same as ``subject(id:)`` by default.
  func latestSubject(id: String) async throws -> Subject?

  /// The name under which to log in where case is not told apart, as `wire: romm` has it: `name` itself where there is such a name or none
  /// like it, else the only one that is the same in lower case. The same name by default.
  func loginName(ignoringCase name: String) async throws -> String
}

extension SubjectStore {
  public func latestSubject(id: String) async throws -> Subject? { try await subject(id: id) }

  public func loginName(ignoringCase name: String) async throws -> String { name }
}

extension SubjectStore {
  /// No password is right: for stores of subjects without passwords.
  public func authenticate(name: String, password: String) async throws -> Subject? { nil }
}

/// Why a store could not answer. The HTTP layer answers 503 with `Retry-After`, never `invalid_grant`.
@nonexhaustive
public enum StoreError: Error, Sendable, Equatable {
  /// More work waits than the store's bound allows; trying again later may do.
  case overloaded
  /// The store's backing is unreadable; the text names what and where, and holds no secret.
  case unreadable(String)
}
