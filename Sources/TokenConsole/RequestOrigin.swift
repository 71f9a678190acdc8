internal import HTTPTypes
internal import Hummingbird

/// Whether a request that changes anything was sent by a page of this server.
enum RequestOrigin {
  /// What the browser says of it (Fetch Metadata); else whether its `Origin` is the host that was asked. A request that tells neither is no
  /// browser's.
  static func isOwn(_ request: Request) -> Bool {
    if let name = HTTPField.Name("Sec-Fetch-Site"), let site = request.headers[name] { return site == "same-origin" }
    guard let origin = request.headers[.origin], let host = request.head.authority,
      let scheme = origin.firstRange(of: "://")
    else { return false }
    return origin[scheme.upperBound...].lowercased() == host.lowercased()
  }
}
