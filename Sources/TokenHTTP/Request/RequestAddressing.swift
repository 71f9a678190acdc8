internal import HTTPTypes
public import Hummingbird
public import TokenEngine

/// The rule of how a client has addressed a request: the method and the absolute URI that a proof of its key has to
/// name (RFC 9449 §4.3).
///
/// The URI is made of what the client sent. A server behind a proxy knows it only by the headers of the proxy, which
/// must write each of them anew, since a client can send them too.
public struct RequestAddressing: Sendable, Hashable {
  /// True if clients speak TLS with this server itself, so that its URIs begin with `https`.
  public var isEncrypted: Bool
  /// True if every connection comes from a proxy that sets `X-Forwarded-Proto` and `X-Forwarded-Host`, and
  /// `X-Forwarded-Prefix` for a part of the path that it takes off.
  public var trustsProxy: Bool

  public init(isEncrypted: Bool = false, trustsProxy: Bool = false) {
    self.isEncrypted = isEncrypted
    self.trustsProxy = trustsProxy
  }

  /// Returns the proof that came along with a request, in the header field `DPoP`, or nil if there is none.
  ///
  /// Several fields are taken for one text, which is no proof, so that the request is refused (RFC 9449 §4.3).
  public func proof(of request: Request) -> PresentedProof? {
    guard let text = Self.text(of: request) else { return nil }
    let scheme = (trustsProxy ? request.last(HTTPField.Name.forwardedProto) : nil) ?? ownScheme
    let host = (trustsProxy ? request.last(HTTPField.Name.forwardedHost) : nil) ?? request.head.authority ?? ""
    var prefix = (trustsProxy ? request.last(HTTPField.Name.forwardedPrefix) : nil) ?? ""
    if prefix.hasSuffix("/") { prefix.removeLast() }
    let path = prefix + request.uri.path
    // A path has no query and no fragment: with one the rest would not count.
    let isPath = !path.utf8.contains { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
    return PresentedProof(
      text: text, method: request.method.rawValue, uri: isPath ? Self.uri(scheme, host, path) : "")
  }

  /// Returns the proof of a request that a proxy asks about, which names it in `X-Forwarded-Method`, `-Proto`, `-Host`
  /// and `-Uri`.
  ///
  /// What these headers do not name is that of the question itself.
  func forwardedProof(of request: Request) -> PresentedProof? {
    guard let text = Self.text(of: request) else { return nil }
    let method = request.last(HTTPField.Name.forwardedMethod) ?? request.method.rawValue
    let scheme = request.last(HTTPField.Name.forwardedProto) ?? ownScheme
    let host = request.last(HTTPField.Name.forwardedHost) ?? request.head.authority ?? ""
    // A comma can be a part of it.
    let path = HTTPField.Name.forwardedURI.flatMap { request.headers[values: $0].last } ?? request.uri.path
    return PresentedProof(text: text, method: method, uri: Self.uri(scheme, host, path))
  }

  /// Returns the URI of its parts, or an empty text, which no proof can name, if one of them could end before the part
  /// does: the client writes the host.
  private static func uri(_ scheme: String, _ host: String, _ path: String) -> String {
    let isHost = !host.isEmpty && FramingRules.isPlain(host: host)
    guard isHost, path.hasPrefix("/"), ["http", "https"].contains(scheme.lowercased()) else { return "" }
    return "\(scheme)://\(host)\(path)"
  }

  private var ownScheme: String { isEncrypted ? "https" : "http" }

  private static func text(of request: Request) -> String? {
    guard let name = HTTPField.Name.dpop else { return nil }
    let values = request.headers[values: name]
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }
}

extension ServerOptions {
  /// The rule for the routes of this server.
  var addressing: RequestAddressing {
    RequestAddressing(isEncrypted: certificate != nil, trustsProxy: trustsProxy)
  }
}

extension Request {
  /// The last entry of a header of proxies: what comes before it was there when the request reached the nearest proxy.
  func last(_ name: HTTPField.Name?) -> String? {
    guard let name, let entry = headers[values: name].last?.split(separator: ",").last else { return nil }
    return String(entry.drop { $0 == " " }.prefix { $0 != " " })
  }
}

extension HTTPField.Name {
  static let dpop = HTTPField.Name("DPoP")
  static let dpopNonce = HTTPField.Name("DPoP-Nonce")
  fileprivate static let forwardedMethod = HTTPField.Name("X-Forwarded-Method")
  static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")
  static let forwardedHost = HTTPField.Name("X-Forwarded-Host")
  fileprivate static let forwardedPrefix = HTTPField.Name("X-Forwarded-Prefix")
  fileprivate static let forwardedURI = HTTPField.Name("X-Forwarded-Uri")
}
