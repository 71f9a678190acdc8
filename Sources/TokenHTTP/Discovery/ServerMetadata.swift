internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import TokenEngine

/// `GET /.well-known/oauth-authorization-server` (RFC 8414): where the endpoints are and what they take. The `issuer` is that of the tokens,
/// byte for byte; the endpoints lie below it, and below the path prefix where the issuer does not end with that already.
struct ServerMetadata: Sendable {
  private let issuer: String
  private let pathPrefix: String
  private let routes: TokenRouteSet

  /// - Parameter routes: what is there; of anything else the document says nothing.
  init(issuer: String, pathPrefix: String, routes: TokenRouteSet = .all) {
    self.issuer = issuer
    self.pathPrefix = pathPrefix
    self.routes = routes
  }

  private var issuerWithoutSlash: Substring { issuer.hasSuffix("/") ? issuer.dropLast() : issuer[...] }

  /// The path of the issuer, without a slash at its end; empty where it has none.
  private var issuerPath: Substring {
    guard let scheme = issuerWithoutSlash.firstRange(of: "://") else { return "" }
    let rest = issuerWithoutSlash[scheme.upperBound...]
    return rest.firstIndex(of: "/").map { rest[$0...] } ?? ""
  }

  private static let name = "/.well-known/oauth-authorization-server"

  /// Where clients look for the document by the issuer alone (RFC 8414 §3.1): between its host and its path. Nil where that is the route below the
  /// prefix anyway, and for a path that no route can have.
  var standardPath: String? {
    let isPlain = issuerPath.utf8.allSatisfy { byte in
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8.contains(byte)
    }
    let path = Self.name + issuerPath
    return isPlain && path != pathPrefix + Self.name ? path : nil
  }

  var response: Response {
    let base = issuerWithoutSlash + (issuerPath.hasSuffix(pathPrefix) ? "" : pathPrefix)
    let methods = ["client_secret_basic", "client_secret_post"]
    var body = JSONObjectWriter(capacity: 1024)
    body.add("issuer", issuer)
    if routes.contains(.token) { body.add("token_endpoint", "\(base)/token") }
    if routes.contains(.revocation) { body.add("revocation_endpoint", "\(base)/revoke") }
    if routes.contains(.introspection) { body.add("introspection_endpoint", "\(base)/introspect") }
    if routes.contains(.publicKeys) { body.add("jwks_uri", "\(base)/.well-known/jwks.json") }
    body.add("response_types_supported", [])
    if routes.contains(.token) {
      body.add("grant_types_supported", ["password", "refresh_token", "client_credentials"])
      body.add("token_endpoint_auth_methods_supported", methods + ["none"])
    }
    if routes.contains(.revocation) {
      body.add("revocation_endpoint_auth_methods_supported", methods + ["none"])
    }
    if routes.contains(.introspection) { body.add("introspection_endpoint_auth_methods_supported", methods) }
    return Response(status: .ok, publicJSON: body.finish())
  }
}

/// `GET /openapi.json`: what the routes take and answer (OpenAPI 3.1), from the file beside this one.
enum APIDescription {
  private static let document = ByteBuffer(bytes: PackageResources.openapi_json)

  static var response: Response { Response(status: .ok, publicJSON: document) }
}
