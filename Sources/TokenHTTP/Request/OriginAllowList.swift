internal import HTTPTypes
internal import Hummingbird

/// Lets pages of some origins read the replies of the routes that browsers use (Fetch standard, CORS); without
/// credentials, since no such route takes a cookie.
struct OriginAllowList: Sendable {
  private let origins: Set<WebOrigin>
  private let paths: Set<String>
  private let preflightHeaders: HTTPFields

  /// The headers that pages read of a reply: when to try again, why a token was refused, and the nonce for the next
  /// proof.
  private static var exposed: String { "Retry-After, WWW-Authenticate, DPoP-Nonce" }

  /// Creates the list for pages that can send `headers` besides `Authorization`, `Content-Type` and `DPoP`.
  ///
  /// The metadata are also read at `metadataPath` if they have a path outside the prefix.
  init(origins: Set<String>, headers: Set<String>, pathPrefix: String, metadataPath: String?) {
    self.origins = Set(origins.compactMap { WebOrigin($0) })
    let paths = Route.allCases.filter(\.isForPages).map { pathPrefix + $0.path }
    self.paths = Set(paths + [metadataPath].compactMap(\.self))
    let allowed = ["authorization", "content-type", "dpop"]
    preflightHeaders = [
      .accessControlAllowMethods: "GET, HEAD, POST",
      .accessControlAllowHeaders: (allowed + headers.subtracting(allowed).sorted()).joined(separator: ", "),
      .accessControlMaxAge: "600",
    ]
  }

  /// The reply to a page that asks what it may send; nil for every other request.
  func preflight(_ request: Request) -> Response? {
    guard request.method == .options, paths.contains(request.uri.path), let origin = listedOrigin(of: request) else {
      return nil
    }
    var response = Response(status: .noContent, headers: preflightHeaders)
    allow(origin, in: &response)
    return response
  }

  /// Lets a page of a listed origin read the reply to a request of its own.
  func amend(_ response: inout Response, to request: Request) {
    guard paths.contains(request.uri.path) else { return }
    let origin = listedOrigin(of: request)
    if origin != nil { response.headers[.accessControlExposeHeaders] = Self.exposed }
    allow(origin, in: &response)
  }

  private func allow(_ origin: String?, in response: inout Response) {
    response.headers[.accessControlAllowOrigin] = origin
    // A cache must not give a reply for one origin, or for none, to a page of another.
    response.headers[values: .vary].append("Origin")
  }

  /// Two values are not an origin: they come joined by a comma.
  private func listedOrigin(of request: Request) -> String? {
    request.headers[.origin].flatMap { text in WebOrigin(text).flatMap { origins.contains($0) ? text : nil } }
  }
}

/// An origin as browsers and the shells of apps write it (RFC 6454 §6.2): a scheme, a host and a port, without the port
/// if it is the scheme's own.
///
/// `https://app.example:443` is `https://app.example`; `capacitor://localhost` and the like have no port of their own.
package struct WebOrigin: Hashable, Sendable {
  package let text: String

  /// Reads an origin.
  ///
  /// The result is nil for anything else, including `*` and `null`, and for an origin that is not in lower case, as
  /// browsers write it.
  package init?(_ text: String) {
    guard let mark = text.firstRange(of: "://") else { return nil }
    let (scheme, rest) = (text[..<mark.lowerBound], text[mark.upperBound...])
    guard Self.isScheme(scheme), let (host, port) = Self.parts(of: rest) else { return nil }
    let isOwn =
      switch (scheme, port) {
      case (_, nil), ("https", "443"), ("http", "80"): true
      default: false
      }
    self.text = "\(scheme)://\(host)" + (isOwn ? "" : ":\(port ?? "")")
  }

  private static func isScheme(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, (0x61...0x7A).contains(first) else { return false }
    return text.utf8.allSatisfy(isLowerOrDigit(or: "+-."))
  }

  /// The host and port; nil if the host is not one, or the port is not a number from 1 to 65535.
  private static func parts(of text: Substring) -> (host: Substring, port: Substring?)? {
    let end: Substring.Index
    if text.hasPrefix("[") {
      guard let close = text.firstIndex(of: "]") else { return nil }
      end = text.index(after: close)
      let address = text[text.index(after: text.startIndex)..<close]
      guard !address.isEmpty, address.utf8.allSatisfy({ "0123456789abcdef:.".utf8.contains($0) }) else { return nil }
    } else {
      end = text.firstIndex(of: ":") ?? text.endIndex
      guard end > text.startIndex, text[..<end].utf8.allSatisfy(isLowerOrDigit(or: "-._")) else { return nil }
    }
    guard end < text.endIndex else { return (text[..<end], nil) }
    let port = text[end...].dropFirst()
    guard text[end] == ":", let number = UInt16(port), number > 0, "\(number)" == port else { return nil }
    return (text[..<end], port)
  }

  private static func isLowerOrDigit(or others: String) -> (UInt8) -> Bool {
    { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || others.utf8.contains($0) }
  }
}
