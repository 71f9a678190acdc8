internal import HTTPTypes
public import Hummingbird
public import TokenEngine

/// The cookie in which a browser keeps a refresh token, out of the reach of every script.
///
/// It is always `Secure; HttpOnly; SameSite=Strict`: it travels over TLS alone (and on localhost), no script reads it,
/// and no page of another site has it sent. With the path `/` its name begins with `__Host-`, so that browsers take it
/// from no subdomain; with another path the name begins with `__Secure-` (RFC 6265bis §4.1.3), and a subdomain can
/// plant a second one of the name: ``token(of:)`` refuses both then.
public struct RefreshCookie: Sendable, Hashable {
  /// The name with its prefix.
  public let name: String
  public let path: String

  /// Creates the cookie.
  ///
  /// - Parameters:
  ///   - name: The name without a prefix: letters, digits, `-` and `_`, at least one.
  ///   - path: The path below which browsers send it, as they see it, like `/auth/session`, or that of the refresh
  ///     route alone, like `/auth/session/refresh`; nil or `/` for `__Host-` and every path.
  public init(name: String = "refresh-token", path: String? = nil) {
    let isToken = name.utf8.allSatisfy { byte in
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8.contains(byte)
    }
    precondition(!name.isEmpty && isToken, "not the name of a cookie: \(name)")
    let path = path ?? "/"
    let isPath = path.hasPrefix("/") && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ";") }
    precondition(isPath, "not the path of a cookie: \(path)")
    self.name = (path == "/" ? "__Host-" : "__Secure-") + name
    self.path = path
  }

  /// The fault of a request that has the cookie more than once: it cannot be known which one is the server's.
  public struct Repeated: Error, Sendable, Hashable {}

  /// Returns the refresh token of a request, or nil if the cookie did not come or is empty.
  ///
  /// Throws ``Repeated`` if the name comes more than once, whatever the values.
  public func token(of request: Request) throws(Repeated) -> String? {
    let values = tokens(of: request)
    guard values.count <= 1 else { throw Repeated() }
    return values.first.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Returns the values of all cookies of the name, in their order.
  func tokens(of request: Request) -> [String] {
    request.headers[values: .cookie].flatMap { $0.split(separator: ";") }.compactMap { pair in
      let pair = pair.drop { $0 == " " || $0 == "\t" }
      guard let end = pair.firstIndex(of: "="), pair[..<end].utf8.elementsEqual(name.utf8) else { return nil }
      return String(pair[pair.index(after: end)...])
    }
  }

  /// Puts the refresh token of a pair into a reply, for as long as it can lie unused.
  public func set(_ pair: TokenPair, in response: inout Response) {
    add(pair.refreshToken, seconds: pair.refreshExpiresInSeconds, path, to: &response)
  }

  /// Has the browser remove the cookie.
  public func clear(in response: inout Response) {
    clear(in: &response, alsoAbove: false)
  }

  /// Has the browser remove the cookie.
  ///
  /// With `alsoAbove` those of the name with each path above are removed too, such as one that was set before the path
  /// was changed.
  func clear(in response: inout Response, alsoAbove: Bool) {
    add("", seconds: 0, path, to: &response)
    guard alsoAbove, path != "/" else { return }
    var folders = path.split(separator: "/").dropLast()
    while true {
      add("", seconds: 0, "/" + folders.joined(separator: "/"), to: &response)
      guard folders.popLast() != nil else { return }
    }
  }

  private func add(_ value: String, seconds: Int64, _ path: String, to response: inout Response) {
    response.headers[values: .setCookie].append(
      "\(name)=\(value); Path=\(path); Max-Age=\(seconds); Secure; HttpOnly; SameSite=Strict")
  }
}
