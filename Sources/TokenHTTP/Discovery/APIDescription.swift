internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// `GET /openapi.json`: what the routes take and answer (OpenAPI 3.1), from the file beside this one.
enum APIDescription {
  static var response: Response {
    Response(status: .ok, publicJSON: ByteBuffer(bytes: PackageResources.openapi_json))
  }
}
