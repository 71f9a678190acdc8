internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine
internal import TokenHTTP
internal import TokenLedger
internal import TokenObservability

/// The access control of the console: who can see a page, and who can change anything.
struct ConsoleGate: Sendable {
  let console: AdminConsole
  let clients: any ClientStore
  /// The limiter of failed log-ins, or nil if they are not bounded.
  let limiter: LoginLimiter?
  let cookie: ConsoleCookie
  let bodyBytesMax: Int

  /// The name under which log-ins here are bounded, which no client can have.
  private static let limitedAs = "\u{0}console"

  /// Returns the signed-in visitor, or nil if there is none, or if the admin client of the log-in was removed or
  /// replaced or is no admin any more.
  ///
  /// Requests that a page makes by itself are not a use of the log-in.
  func visitor(of request: Request, isUse: Bool = true) async -> ConsoleVisitor? {
    guard let value = cookie.value(in: request), let session = console.sessions.session(value, isUse: isUse) else {
      return nil
    }
    if case .client(let id, let version) = session.user {
      guard let found = try? await clients.client(id: id), found.isAdmin, found.version == version else {
        console.sessions.close(value)
        return nil
      }
    }
    return ConsoleVisitor(session: session, cookie: value)
  }

  /// Returns the form of a signed-in visitor, which must come from one of our pages.
  func form(of request: Request) async throws -> (FormParameters, ConsoleVisitor) {
    guard let visitor = await visitor(of: request) else { throw ConsoleError.signedOut }
    let form = try await ownForm(of: request)
    guard let token = form[named: "form_token"],
      RandomSecret.Digest(of: token) == visitor.session.formToken.digest
    else { throw ConsoleError.foreignForm }
    return (form, visitor)
  }

  /// Signs in whoever has the link's secret, and returns the cookie.
  func signInByLink(_ request: Request, logger: Logger) async throws -> String {
    let form = try await ownForm(of: request)
    guard let secret = form[named: "secret"], console.link.take(secret) else {
      logger.notice("console: log-in by a link that is used or void was refused")
      throw ConsoleError.badLink
    }
    return open(.link, logger)
  }

  /// Signs in an admin client, and returns the cookie.
  func signInByClient(_ request: Request, from address: PeerAddress?, logger: Logger) async throws -> String {
    let form = try await ownForm(of: request)
    guard let id = form[.clientID].map(NameForm.typed), let secret = form[.clientSecret] else {
      throw ConsoleError.badClient
    }
    let attempt = try begin(id, address)
    let found: Client?
    do {
      found = try await clients.authenticate(id: id, secretCandidates: [Array(secret.utf8)])
    } catch {
      end(attempt, .undecided)
      throw ConsoleError.failed((error as? StoreError).map { .store($0) } ?? .foreign(error))
    }
    guard let client = found, client.isAdmin else {
      end(attempt, .failed)
      logger.notice("console: log-in refused", metadata: ["client": .string(LogText.line(id))])
      throw ConsoleError.badClient
    }
    end(attempt, .succeeded)
    return open(.client(id: client.id, version: client.version), logger)
  }

  private func ownForm(of request: Request) async throws -> FormParameters {
    guard cookie.origins.accepts(request) else { throw ConsoleError.foreignForm }
    do { return try await request.form(bytesMax: bodyBytesMax) } catch let fault as FormError {
      throw ConsoleError.form(fault)
    }
  }

  private func begin(_ id: String, _ address: PeerAddress?) throws(ConsoleError) -> LoginLimiter.Attempt? {
    guard let limiter else { return nil }
    switch limiter.begin(client: Self.limitedAs, address: address, name: id) {
    case .taken(let attempt): return attempt
    case .putOff(let wait): throw .putOff(wait)
    }
  }

  private func end(_ attempt: LoginLimiter.Attempt?, _ outcome: LoginLimiter.Outcome) {
    if let attempt { limiter?.end(attempt, outcome) }
  }

  private func open(_ user: ConsoleUser, _ logger: Logger) -> String {
    logger.notice("console: signed in", metadata: ["by": .string(user.logText)])
    return console.sessions.open(for: user)
  }
}

/// The cookie of a signed-in visitor.
///
/// Scripts and other sites cannot use it, and over TLS neither can other hosts or plaintext connections (RFC 6265bis
/// §4.1.3).
struct ConsoleCookie: Sendable {
  let base: String
  let origins: SameOriginRule

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
    let isSecure = origins.isSecure(request)
    // The prefix __Host- requires the path /.
    return Cookie(
      name: name(for: request), value: value, maxAge: maxAge, path: isSecure ? "/" : base, secure: isSecure,
      httpOnly: true, sameSite: .strict)
  }

  private func name(for request: Request) -> String {
    origins.isSecure(request) ? "__Host-refresh-ledger-console" : "refresh-ledger-console"
  }
}
