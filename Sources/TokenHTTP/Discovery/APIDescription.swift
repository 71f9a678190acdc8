internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// `GET /openapi.json`: what the routes take and answer (OpenAPI 3.1), from the file beside this one.
enum APIDescription {
  private static let document = ByteBuffer(bytes: PackageResources.openapi_json)

  static var response: Response { Response(status: .ok, publicJSON: document) }
}
