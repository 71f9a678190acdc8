internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The files that pages refer to, from those beside this one; each under a name that changes with what is in it.
struct ConsoleFile: Sendable {
  let path: String
  private let type: String
  private let bytes: ByteBuffer
  private let version: String

  static let style = ConsoleFile("/console.css", "text/css; charset=utf-8", PackageResources.console_css)
  static let script = ConsoleFile("/console.js", "text/javascript; charset=utf-8", PackageResources.console_js)
  static let icon = ConsoleFile("/console.svg", "image/svg+xml", PackageResources.console_svg)
  static let all = [style, script, icon]

  private init(_ path: String, _ type: String, _ bytes: [UInt8]) {
    self.path = path
    self.type = type
    self.bytes = ByteBuffer(bytes: bytes)
    version = ShortHash.text(of: String(decoding: bytes, as: UTF8.self))
  }

  var versioned: String { "\(path)?v=\(version)" }

  var response: Response {
    var response = Response(status: .ok, body: ResponseBody(byteBuffer: bytes))
    response.headers[.contentType] = type
    response.headers[.cacheControl] = "public, max-age=31536000, immutable"
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }
}
