public import RotationModel

/// A grant type that a client may use at the token endpoint (RFC 6749 §4).
@nonexhaustive
public enum GrantType: String, Sendable, CaseIterable, Codable {
  case password
  case refreshToken = "refresh_token"
  case clientCredentials = "client_credentials"
}

/// An OAuth client (RFC 6749 §2) as the engine needs it: never its secret.
public struct Client: Sendable, Equatable {
  public var id: String
  /// True if the client is public: it has no secret and identifies itself by `client_id` alone.
  public var isPublic: Bool
  /// The scopes that the client may be granted, or nil for all that its subject may have; `[]` stands for none.
  public var scopes: Scopes?
  public var grants: Set<GrantType>
  /// The client's own grace window, or nil for the engine's setting: the time after a rotation in which the predecessor
  /// is answered with the same pair.
  public var grace: Duration?
  /// The choice whether a refresh consumes the refresh token, for sessions that are opened from now on.
  public var rotation: RotationPolicy
  /// The client's own lifetimes, where nil stands for the engine's settings.
  ///
  /// The limits are those of ``EngineOptions``.
  public var lifetimes: ClientLifetimes
  /// True if the client may use `POST /introspect`.
  public var mayIntrospect: Bool
  /// True if the client may use the `/admin` routes.
  public var isAdmin: Bool
  /// True if the client must prove a key with each request for tokens (RFC 9449), whatever ``EngineOptions/dpop`` says
  /// of others.
  public var requiresProof: Bool
  /// The version of the client's account, which differs for each client that was ever added under this id; compared as
  /// ``Subject/version`` is.
  public var version: AccountVersion
  /// The moment before which sessions of a release before 0.2 are outdated; see ``Subject/sessionsNotBefore``.
  public var sessionsNotBefore: Timestamp?

  public init(
    id: String, isPublic: Bool, scopes: Scopes? = nil, grants: Set<GrantType> = [.password, .refreshToken],
    grace: Duration? = nil, rotation: RotationPolicy = .always, lifetimes: ClientLifetimes = ClientLifetimes(),
    mayIntrospect: Bool = false, isAdmin: Bool = false, version: AccountVersion = .none,
    sessionsNotBefore: Timestamp? = nil, requiresProof: Bool = false
  ) {
    self.id = id
    self.isPublic = isPublic
    self.scopes = scopes
    self.grants = grants
    self.grace = grace
    self.rotation = rotation
    self.lifetimes = lifetimes
    self.mayIntrospect = mayIntrospect
    self.isAdmin = isAdmin
    self.version = version
    self.sessionsNotBefore = sessionsNotBefore
    self.requiresProof = requiresProof
  }
}

/// The lifetimes that a client can have of its own.
public struct ClientLifetimes: Sendable, Hashable {
  /// The client's ``EngineOptions/accessLifetime``, from 1 ms to 30 days.
  public var access: Duration?
  /// The client's ``EngineOptions/idleLifetime``, from 1 ms to 100 years.
  public var idle: Duration?
  /// The client's ``EngineOptions/absoluteLifetime``, from 1 ms to 100 years.
  public var absolute: Duration?

  public init(access: Duration? = nil, idle: Duration? = nil, absolute: Duration? = nil) {
    self.access = access
    self.idle = idle
    self.absolute = absolute
  }
}

/// A store that the engine asks for clients.
///
/// `ClientFile` of `TokenAccounts` is one in a file.
public protocol ClientStore: Sendable {
  /// Returns the client with this id, or nil if there is none.
  func client(id: String) async throws -> Client?

  /// Returns the client as it is behind the store, past any cache, or nil if it is gone.
  ///
  /// The engine asks before it revokes a session because its client was replaced, as with
  /// ``SubjectStore/latestSubject(id:)``. The default implementation calls ``client(id:)``.
  func latestClient(id: String) async throws -> Client?

  /// Returns the client if one of `candidates` is its secret, or nil for an unknown id, a wrong secret or a public
  /// client.
  ///
  /// There are several candidates because HTTP Basic carries a secret in one of several encodings. Every comparison
  /// must take constant time, and an unknown id as long as a known one.
  func authenticate(id: String, secretCandidates: [[UInt8]]) async throws -> Client?
}

extension ClientStore {
  public func latestClient(id: String) async throws -> Client? { try await client(id: id) }
}
