/// The part of a request that shows who calls.
public struct PresentedBearer: Sendable {
  /// All values of the header `Authorization`, as HTTP fields and gRPC metadata hold them.
  public var authorization: [String]
  /// The proof that came along (RFC 9449 §7.1), or nil for none.
  ///
  /// A request with several of them is the caller's to refuse.
  public var proof: PresentedProof?

  public init(authorization: [String], proof: PresentedProof? = nil) {
    (self.authorization, self.proof) = (authorization, proof)
  }
}

extension PresentedBearer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "PresentedBearer(redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A judge of the bearer of a request: the engine in its own process, or an ``AccessTokenVerifier`` in any other.
public protocol BearerVerifier: Sendable {
  /// Verifies the one access token of a request, and can wait for keys that are not known yet.
  ///
  /// - Throws: ``AuthorizationError``; `.badToken(.unverifiable)` if nobody can say now whether the token is good, so
  ///   that the reply is 503 and not 401.
  func verify(_ bearer: PresentedBearer) async throws(AuthorizationError) -> AccessToken
}
