public import RotationModel

/// One presentation of a refresh token.
///
/// Printing, dumping or interpolating it does not show the token.
public struct RefreshRequest: Sendable {
  public var token: String
  /// The client, which must be authenticated unless it is public.
  public var client: Client
  /// The request's `scope` parameter (RFC 6749 §6), or nil for the whole scope.
  ///
  /// The access token is narrowed to it, while the session keeps the granted scope. Scopes that were withdrawn since
  /// are left out.
  public var scope: String?
  /// The current version of the subject's account, for an engine without a store, or nil for no comparison.
  ///
  /// A session of another version is revoked.
  public var subjectVersion: AccountVersion?
  /// The store from which `client` comes, if its news may be late; nil if `client` is current.
  ///
  /// The store is asked for the client anew before a session of another version of it is revoked.
  public var clients: (any ClientStore)?
  /// The proof of a key that came along with the request (RFC 9449), or nil for none.
  public var proof: PresentedProof?
  /// True if the proof is looked at though the mode is off, since the session was found to be bound to a key.
  var takesProof = false

  public init(
    token: String, client: Client, scope: String? = nil, subjectVersion: AccountVersion? = nil,
    clients: (any ClientStore)? = nil, proof: PresentedProof? = nil
  ) {
    self.token = token
    self.client = client
    self.scope = scope
    self.subjectVersion = subjectVersion
    self.clients = clients
    self.proof = proof
  }
}

extension RefreshRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The client and the scope, without the token.
  public var description: String {
    "RefreshRequest(client: \(client.id.debugDescription), scope: \(scope?.debugDescription ?? "nil"), token redacted)"
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror { Mirror(self, children: ["client": client, "scope": scope as Any]) }
}
