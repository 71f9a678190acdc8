internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// `GET /openapi.json`: what the routes take and answer (OpenAPI 3.1), from the file beside this one.
enum APIDescription {
  static var response: Response {
    var response = Response(
      status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_json)))
    response.headers[.contentType] = "application/json"
    response.headers[.cacheControl] = "public, max-age=300"
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }
}
