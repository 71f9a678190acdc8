internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// `GET /.well-known/oauth-authorization-server` (RFC 8414): where the endpoints are and what they take. The `issuer` is that of the tokens,
/// byte for byte; the endpoints lie below it.
struct ServerMetadata: Sendable {
  private let issuer: String
  private let pathPrefix: String

  init(issuer: String, pathPrefix: String) {
    self.issuer = issuer
    self.pathPrefix = pathPrefix
  }

  var response: Response {
    let base = (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + pathPrefix
    let methods = ["client_secret_basic", "client_secret_post"]
    var body = JSONObjectWriter(capacity: 1024)
    body.add("issuer", issuer)
    body.add("token_endpoint", "\(base)/token")
    body.add("revocation_endpoint", "\(base)/revoke")
    body.add("introspection_endpoint", "\(base)/introspect")
    body.add("jwks_uri", "\(base)/.well-known/jwks.json")
    body.add("response_types_supported", [])
    body.add("grant_types_supported", ["password", "refresh_token", "client_credentials"])
    body.add("token_endpoint_auth_methods_supported", methods + ["none"])
    body.add("revocation_endpoint_auth_methods_supported", methods + ["none"])
    body.add("introspection_endpoint_auth_methods_supported", methods)
    return Response(status: .ok, publicJSON: body.finish())
  }
}
