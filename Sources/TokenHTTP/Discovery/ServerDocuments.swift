internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import TokenEngine

/// The documents in which the server tells everybody about itself.
enum ServerDocuments {
  private static let description = ByteBuffer(bytes: PackageResources.openapi_json)

  /// `GET /openapi.json`: what the routes take and answer (OpenAPI 3.1), from the file beside this one.
  static var openAPI: Response { Response(status: .ok, publicJSON: description) }

  /// `GET /.well-known/jwks.json`: the public keys (RFC 7517 §5).
  static func publicKeys(of engine: RotationEngine) -> Response {
    Response(status: .ok, publicJSON: ByteBuffer(bytes: engine.publicKeySet), type: "application/jwk-set+json")
  }

  /// `GET /health/live`: the server answers.
  static var liveness: Response {
    var body = JSONObjectWriter()
    body.add("status", "live")
    return Response(status: .ok, json: body)
  }
}
