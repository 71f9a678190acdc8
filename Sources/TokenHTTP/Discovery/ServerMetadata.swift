internal import NIOCore
internal import TokenEngine

/// `GET /.well-known/oauth-authorization-server` (RFC 8414): where the endpoints are and what they take.
///
/// The `issuer` is that of the tokens, byte for byte; the endpoints are below it, and below the path prefix if the
/// issuer does not end with it.
struct ServerMetadata: Sendable {
  private let issuer: String
  private let pathPrefix: String
  private let routes: TokenRouteSet
  private let takesProofs: Bool

  /// Creates the metadata of these routes, and names no others.
  ///
  /// With `takesProofs` tokens can be bound to a key, and the document names the algorithms of proofs.
  init(issuer: String, pathPrefix: String, routes: TokenRouteSet = .all, takesProofs: Bool = false) {
    self.issuer = issuer
    self.pathPrefix = pathPrefix
    self.routes = routes
    self.takesProofs = takesProofs
  }

  private var issuerWithoutSlash: Substring { issuer.hasSuffix("/") ? issuer.dropLast() : issuer[...] }

  /// The path of the issuer, without a slash at its end; empty if it has none.
  private var issuerPath: Substring {
    guard let scheme = issuerWithoutSlash.firstRange(of: "://") else { return "" }
    let rest = issuerWithoutSlash[scheme.upperBound...]
    return rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
  }

  /// The path at which clients look for the document if they know only the issuer (RFC 8414 §3.1): between its host and
  /// its path.
  ///
  /// The value is nil if that is the route below the prefix, or a path that no route can have.
  var standardPath: String? {
    let isPlain = issuerPath.utf8.allSatisfy { byte in
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8.contains(byte)
    }
    let path = Route.metadata.path + issuerPath
    return isPlain && path != pathPrefix + Route.metadata.path ? path : nil
  }

  /// The document, the same for every request.
  var document: ByteBuffer {
    let base = String(issuerWithoutSlash) + (issuerPath.hasSuffix(pathPrefix) ? "" : pathPrefix)
    let methods = ["client_secret_basic", "client_secret_post"]
    var body = JSONObjectWriter(capacity: 1024)
    body.add("issuer", issuer)
    if routes.contains(.token) { body.add("token_endpoint", base + Route.token.path) }
    if routes.contains(.revocation) { body.add("revocation_endpoint", base + Route.revocation.path) }
    if routes.contains(.introspection) { body.add("introspection_endpoint", base + Route.introspection.path) }
    if routes.contains(.publicKeys) { body.add("jwks_uri", base + Route.publicKeys.path) }
    body.add("response_types_supported", [])
    if routes.contains(.token) {
      body.add("grant_types_supported", ["password", "refresh_token", "client_credentials"])
      body.add("token_endpoint_auth_methods_supported", methods + ["none"])
      // RFC 9449 §5.1.
      if takesProofs { body.add("dpop_signing_alg_values_supported", DPoPOptions.algorithms.map(\.rawValue)) }
    }
    if routes.contains(.revocation) {
      body.add("revocation_endpoint_auth_methods_supported", methods + ["none"])
    }
    if routes.contains(.introspection) { body.add("introspection_endpoint_auth_methods_supported", methods) }
    return body.finish()
  }
}
