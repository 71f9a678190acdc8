internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Response {
  /// A JSON reply that nobody may store (RFC 6749 §5.1) nor take for another type.
  init(status: HTTPResponse.Status, json: consuming JSONObjectWriter) {
    self.init(status: status, body: ResponseBody(byteBuffer: json.finish()))
    headers[.contentType] = "application/json"
    headers[.cacheControl] = "no-store"
    if let pragma = HTTPField.Name.pragma { headers[pragma] = "no-cache" }
    headers[.xContentTypeOptions] = "nosniff"
  }

  /// A JSON reply that is the same for all, and that caches may keep for five minutes.
  init(status: HTTPResponse.Status, publicJSON bytes: ByteBuffer, type: String = "application/json") {
    self.init(status: status, body: ResponseBody(byteBuffer: bytes))
    headers[.contentType] = type
    headers[.cacheControl] = "public, max-age=300"
    headers[.xContentTypeOptions] = "nosniff"
  }
}

extension HTTPField.Name {
  fileprivate static let pragma = HTTPField.Name("Pragma")
}
