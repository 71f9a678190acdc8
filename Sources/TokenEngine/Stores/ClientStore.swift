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
  /// A public client has no secret and names itself by `client_id` alone.
  public var isPublic: Bool
  /// What the client may be granted: nil for all that its subject may, `[]` for nothing.
  public var scopes: Scopes?
  public var grants: Set<GrantType>
  /// How long after a rotation the predecessor is still answered with the identical pair; nil for the engine's setting.
  public var grace: Duration?
  /// Whether a refresh consumes the refresh token; for sessions that are opened from now on.
  public var rotation: RotationPolicy
  /// The client's own lifetimes; nil for the engine's settings. Limits as in ``EngineOptions``.
  public var lifetimes: ClientLifetimes
  /// May use `POST /introspect`.
  public var mayIntrospect: Bool
  /// May use the `/admin` routes.
  public var isAdmin: Bool
  /// Another one for each client that was ever added under this id; as ``Subject/version``.
  public var version: AccountVersion
  /// As ``Subject/sessionsNotBefore``.
  public var sessionsNotBefore: Timestamp?

  public init(
    id: String, isPublic: Bool, scopes: Scopes? = nil, grants: Set<GrantType> = [.password, .refreshToken],
    grace: Duration? = nil, rotation: RotationPolicy = .always, lifetimes: ClientLifetimes = ClientLifetimes(),
    mayIntrospect: Bool = false, isAdmin: Bool = false, version: AccountVersion = .none,
    sessionsNotBefore: Timestamp? = nil
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
  }
}

/// The lifetimes that are a client's own.
public struct ClientLifetimes: Sendable, Hashable {
  /// ``EngineOptions/accessLifetime``, from 1 ms to 30 days.
  public var access: Duration?
  /// ``EngineOptions/idleLifetime``, from 1 ms to 100 years.
  public var idle: Duration?
  /// ``EngineOptions/absoluteLifetime``, from 1 ms to 100 years.
  public var absolute: Duration?

  public init(access: Duration? = nil, idle: Duration? = nil, absolute: Duration? = nil) {
    self.access = access
    self.idle = idle
    self.absolute = absolute
  }
}

/// Where the engine asks who a client is. `ClientFile` of `TokenAccounts` is one in a file.
public protocol ClientStore: Sendable {
  /// The client by its id, nil where there is none.
  func client(id: String) async throws -> Client?

  /// The client as it stands in what is behind the store, past any cache of the store's own; nil where it is gone. Asked before a session is
  /// revoked because its client was replaced, as ``SubjectStore/latestSubject(id:)`` is. The same as ``client(id:)`` by default.
  func latestClient(id: String) async throws -> Client?

  /// The client if one of `candidates` is its secret; nil for an unknown id, a wrong secret, and for a public client.
  ///
  /// HTTP Basic carries a secret in one of several encodings, hence candidates. Every comparison takes
  /// constant time, and an unknown id as long as a known one.
  func authenticate(id: String, secretCandidates: [[UInt8]]) async throws -> Client?
}

extension ClientStore {
  public func latestClient(id: String) async throws -> Client? { try await client(id: id) }
}
