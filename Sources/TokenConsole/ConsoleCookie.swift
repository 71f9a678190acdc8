internal import HTTPTypes
internal import Hummingbird

/// The cookie of who is signed in: for no script, for no other site, and over TLS for no other host and no plaintext (RFC 6265bis §4.1.3).
struct ConsoleCookie: Sendable {
  let base: String
  let speaksTLS: Bool
  let trustsProxy: Bool

  func value(in request: Request) -> String? {
    request.cookies[name(for: request)]?.value
  }

  func set(_ value: String, in response: inout Response, for request: Request) {
    response.setCookie(cookie(value, for: request, maxAge: nil))
  }

  func clear(in response: inout Response, for request: Request) {
    response.setCookie(cookie("", for: request, maxAge: 0))
  }

  private func cookie(_ value: String, for request: Request, maxAge: Int?) -> Cookie {
    let isSecure = isSecure(request)
    // The prefix __Host- asks for the path /.
    return Cookie(
      name: name(for: request), value: value, maxAge: maxAge, path: isSecure ? "/" : base, secure: isSecure,
      httpOnly: true, sameSite: .strict)
  }

  private func name(for request: Request) -> String {
    isSecure(request) ? "__Host-refresh-ledger-console" : "refresh-ledger-console"
  }

  private func isSecure(_ request: Request) -> Bool {
    if speaksTLS { return true }
    guard trustsProxy, let name = HTTPField.Name("X-Forwarded-Proto") else { return false }
    let last = request.headers[values: name].last?.split(separator: ",").last
    return last?.drop { $0 == " " }.lowercased() == "https"
  }
}
