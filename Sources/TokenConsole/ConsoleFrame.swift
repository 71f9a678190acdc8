internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import TokenEngine

/// The frame of every page: head, navigation, foot, and the headers of the reply.
struct ConsoleFrame: Sendable {
  enum Section: String, CaseIterable {
    case overview = ""
    case sessions = "/sessions"
    case keys = "/keys"
    case log = "/log"

    func title(_ store: StoreText) -> String {
      switch self {
      case .overview: "Overview"
      case .sessions: "Sessions"
      case .keys: "Keys"
      case .log: store.title
      }
    }
  }

  /// The path of the overview, below which all others are.
  let base: String
  /// The texts of every page about the place of the sessions.
  let store: StoreText

  func path(_ rest: String) -> String { base + rest }

  /// Returns a page for a signed-in visitor.
  ///
  /// Without one, it has no navigation.
  func page(
    _ title: String, in section: Section? = nil, for visitor: ConsoleVisitor?, status: HTTPResponse.Status = .ok,
    _ body: HTML
  ) -> Response {
    let page: HTML = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="robots" content="noindex">
      <title>\(title) · refresh-ledger</title>
      <link rel="icon" href="\(path(ConsoleFile.icon.versioned))" type="image/svg+xml">
      <link rel="stylesheet" href="\(path(ConsoleFile.style.versioned))">
      <script src="\(path(ConsoleFile.script.versioned))" defer></script>
      </head>
      <body>
      <a class="skip" href="#main">Skip to the content</a>
      \(header(section, visitor))
      <main id="main" tabindex="-1">
      \(body)
      </main>
      \(foot(visitor))
      </body>
      </html>

      """
    var response = Response(status: status, body: ResponseBody(byteBuffer: ByteBuffer(string: page.text)))
    response.headers[.contentType] = "text/html; charset=utf-8"
    protect(&response)
    return response
  }

  /// Returns the page that tells why something was not done.
  func refusal(
    _ fault: ConsoleError, of engine: RotationEngine, title: String, for visitor: ConsoleVisitor?, _ body: HTML
  ) -> Response {
    var response = page(title, for: visitor, status: fault.status, body)
    response.headers[.retryAfter] = fault.retryAfter(of: engine)
    return response
  }

  /// Returns a redirect to another page, by GET.
  func redirect(to rest: String) -> Response {
    var response = Response(status: .seeOther)
    response.headers[.location] = path(rest)
    protect(&response)
    return response
  }

  /// Sets the headers that allow scripts, styles and forms of this server alone, and forbid framing and caching.
  ///
  /// The referrer is sent only to our own pages. With `no-referrer` browsers would send `Origin: null` with our own
  /// forms.
  func protect(_ response: inout Response) {
    response.headers[.contentSecurityPolicy] =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
      + "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
    response.headers[.cacheControl] = "no-store"
    response.headers[.xContentTypeOptions] = "nosniff"
    for (name, value) in [
      ("Referrer-Policy", "same-origin"), ("X-Frame-Options", "DENY"), ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Cross-Origin-Resource-Policy", "same-origin"),
    ] {
      if let name = HTTPField.Name(name) { response.headers[name] = value }
    }
  }

  /// Returns the foot, which is empty for strangers.
  private func foot(_ visitor: ConsoleVisitor?) -> HTML {
    visitor == nil ? "" : "<footer><p class=\"quiet\">\(store.foot)</p></footer>"
  }

  private func header(_ section: Section?, _ visitor: ConsoleVisitor?) -> HTML {
    let mark: HTML = """
      <svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 8.5A8 8 0 0 1 19.5 9M19 15.5A8 8 0 0 1 4.5 15M19.5 4v5h-5M4.5 20v-5h5"/></svg>
      """
    guard let visitor else {
      return
        "<header class=\"top\"><div class=\"bar\"><span class=\"brand\">\(mark)refresh-ledger</span></div></header>"
    }
    let items = Section.allCases.map { item -> HTML in
      let current: HTML = item == section ? " aria-current=\"page\"" : ""
      return "<li><a href=\"\(path(item.rawValue))\"\(current)>\(item.title(store))</a></li>"
    }
    return """
      <header class="top"><div class="bar">
      <a class="brand" href="\(base)">\(mark)refresh-ledger</a>
      <nav aria-label="Console"><ul>\(items)</ul></nav>
      <form class="leave" method="post" action="\(path("/sign-out"))">\(visitor.formField)
      <span class="who"><span class="quiet">Signed in by</span> \(FigureText.name(visitor.session.user.name))</span>
      <button class="plain">Sign out</button></form>
      </div></header>
      """
  }
}

/// A file of Resources to which pages refer, under a name that changes with its contents.
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
    version = TokenFingerprint.of(String(decoding: bytes, as: UTF8.self))
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
