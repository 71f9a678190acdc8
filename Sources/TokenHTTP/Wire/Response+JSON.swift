package import HTTPTypes
package import Hummingbird
internal import NIOCore

extension Response {
  /// A JSON reply that nobody may store (RFC 6749 §5.1) nor take for another type.
  package init(status: HTTPResponse.Status, json: consuming JSONObjectWriter) {
    self.init(status: status, headers: .unstoredJSON, body: ResponseBody(byteBuffer: json.finish()))
  }

  /// A JSON reply that is the same for all, and that caches may keep for five minutes.
  init(status: HTTPResponse.Status, publicJSON bytes: ByteBuffer, type: String = "application/json") {
    self.init(status: status, body: ResponseBody(byteBuffer: bytes))
    headers[.contentType] = type
    headers[.cacheControl] = "public, max-age=300"
    headers[.xContentTypeOptions] = "nosniff"
  }
}

extension HTTPFields {
  /// Of every reply that nobody may store: made once, since a list of fields costs more to build than to copy.
  fileprivate static let unstoredJSON: HTTPFields = {
    var fields: HTTPFields = [
      .contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
    ]
    if let pragma = HTTPField.Name("Pragma") { fields[pragma] = "no-cache" }
    return fields
  }()
}
