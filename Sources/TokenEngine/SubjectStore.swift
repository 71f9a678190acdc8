public import TokenLedger

/// Someone who can hold a session: a user, by the id that goes into `sub`.
public struct Subject: Sendable, Equatable {
  public var id: String
  /// A subject that is not enabled can neither log in nor refresh.
  public var isEnabled: Bool
  /// What the subject may be granted. A request for more is `invalid_scope`.
  public var scopes: Scopes
  /// Sessions that were opened before this moment are revoked at their next refresh: when the subject was made, was last disabled
  /// or last changed its password. Nil for none.
  public var sessionsNotBefore: Timestamp?

  public init(id: String, isEnabled: Bool = true, scopes: Scopes, sessionsNotBefore: Timestamp? = nil) {
    self.id = id
    self.isEnabled = isEnabled
    self.scopes = scopes
    self.sessionsNotBefore = sessionsNotBefore
  }
}

/// Where the engine asks who a subject is. A SQL table, a directory or ``SubjectFile`` stands behind it.
///
/// The engine asks before it consumes anything, so a store that throws costs the caller a retry and no token.
public protocol SubjectStore: Sendable {
  /// The subject if the password is its password, nil if not or if there is no such name.
  ///
  /// A disabled subject with the right password is returned with `isEnabled == false`.
  /// Must take the same time for an unknown name as for a wrong password.
  func authenticate(name: String, password: String) async throws -> Subject?

  /// The subject as it is now, nil where it is gone. Asked at every refresh.
  func subject(id: String) async throws -> Subject?

  /// The name under which to log in where case is not told apart, as `wire: romm` has it: `name` itself where there is such a name or none
  /// like it, else the only one that is the same in lower case. The same name by default.
  func loginName(ignoringCase name: String) async throws -> String
}

extension SubjectStore {
  public func loginName(ignoringCase name: String) async throws -> String { name }
}

/// Why a store could not answer. The HTTP layer answers 503 with `Retry-After`, never `invalid_grant`.
public enum StoreFailure: Error, Sendable, Equatable {
  /// More work waits than the store's bound allows; trying again later may do.
  case overloaded
  /// The store's backing is unreadable; the text names what and where, and holds no secret.
  case unreadable(String)
}
