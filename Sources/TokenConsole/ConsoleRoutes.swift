public import HTTPTypes
public import Hummingbird
internal import Logging
internal import TokenEngine
public import TokenHTTP
internal import TokenLedger
internal import TokenObservability

extension AdminConsole: AdditionalRoutes {
  public var paths: [(path: RouterPath, methods: [HTTPRequest.Method])] {
    ConsoleRoutes<TokenRequestContext>.paths(of: self)
  }

  public func add<Context: AuthenticatedContext>(to place: RoutePlace<Context>) {
    ConsoleRoutes(self, in: place).add(to: place)
  }
}

/// The routes of the console.
///
/// Every page is complete without a script; every change is a form that asks first.
struct ConsoleRoutes<Context: AuthenticatedContext>: Sendable {
  private let engine: RotationEngine
  private let console: AdminConsole
  private let gate: ConsoleGate
  private let frame: ConsoleFrame
  private let addresses: AddressSource
  private let turn = LookBackTurn()

  init(_ console: AdminConsole, in place: RoutePlace<Context>) {
    engine = place.engine
    self.console = console
    let (base, options) = (place.pathPrefix + console.path, place.options)
    frame = ConsoleFrame(base: base, store: StoreText(of: engine))
    gate = ConsoleGate(
      console: console, clients: place.clients, limiter: place.calls.limiter,
      cookie: ConsoleCookie(base: base, origins: SameOriginRule(options)),
      bodyBytesMax: options.bodyBytesMax)
    addresses = place.addresses
  }

  private static var looks: [String] {
    ["", "/keys", "/log", "/live", "/sign-in", "/link"] + ConsoleFile.all.map(\.path)
  }

  /// Returns everything that ``add(to:)`` adds, without the prefix.
  static func paths(of console: AdminConsole) -> [(path: RouterPath, methods: [HTTPRequest.Method])] {
    let searches: [String] = ["/sessions", "/sessions/{sid}"]
    let forms: [String] = ["/sessions/{sid}/revoke", "/revoke"]
    var paths: [(path: RouterPath, methods: [HTTPRequest.Method])] = []
    func add(_ ends: [String], _ methods: [HTTPRequest.Method]) {
      for end in ends { paths.append((RouterPath(console.path + end), methods)) }
    }
    add(looks.filter { $0 != "/sign-in" && $0 != "/link" } + searches, [.get, .head])
    add(forms + ["/sign-in", "/link"], [.get, .head, .post])
    add(["/sign-out"], [.post])
    return paths
  }

  func add(to place: RoutePlace<Context>) {
    let root = place.root
    for file in ConsoleFile.all { look(root, file.path) { _, _ in file.response } }
    look(root, "/sign-in") { _, _ in frame.page("Sign in", for: nil, SignInPages.signIn(frame, nil)) }
    look(root, "/link") { request, _ in
      let secret = (try? FormParameters(query: request))?[named: "secret"] ?? ""
      return frame.page("Open the console", for: nil, SignInPages.link(frame, secret: secret))
    }
    look(root, "/live") { request, _ in
      guard await gate.visitor(of: request, isUse: false) != nil else {
        return Response(.notSignedIn)
      }
      return await LiveFigures.read(engine, console.activity).json
    }
    page(root, "", "Overview", .overview) { _, _, _ in
      OverviewPage(frame: frame, figures: await LiveFigures.read(engine, console.activity)).body
    }
    page(root, "/keys", "Keys", .keys) { _, _, _ in KeysPage(keys: engine.keyStates, store: frame.store).body }
    page(root, "/log", frame.store.title, .log) { _, _, _ in
      let figures = await LiveFigures.read(engine, console.activity)
      return frame.store.isShared
        ? DatabasePage(frame: frame, figures: figures).body
        : LogPage(frame: frame, figures: figures, recovery: engine.recovery).body
    }
    addSearches(to: place.bounded)
    addChanges(to: place.bounded)
  }

  private func addSearches(to group: RouterGroup<Context>) {
    page(group, "/sessions", "Sessions", .sessions) { request, _, _ in try await list(request) }
    page(group, "/sessions/{sid}", "Session", .sessions) { request, context, _ in
      try await timeline(request, context.parameters.get("sid"))
    }
    page(group, "/sessions/{sid}/revoke", "Revoke a session", .sessions) { _, context, visitor in
      guard let session = try await liveSession(context.parameters.get("sid")) else { throw ConsoleError.noSuchSession }
      return RevocationPages.session(session, frame, visitor, at: engine.time)
    }
    page(group, "/revoke", "Revoke all sessions of a subject", .sessions) { request, _, visitor in
      guard let subject = try FormParameters(query: request)[name: "subject"] else { throw ConsoleError.noSuchSession }
      let count = try await engine.sessionCount(of: .subject(subject))
      return RevocationPages.subject(subject, count: count, frame, visitor)
    }
  }

  private func addChanges(to group: RouterGroup<Context>) {
    change(group, "/link", retry: { fault in SignInPages.signIn(frame, fault) }) { request, context in
      signedIn(try await gate.signInByLink(request, logger: context.logger), request)
    }
    change(group, "/sign-in", retry: { fault in SignInPages.signIn(frame, fault) }) { request, context in
      let address = addresses.address(of: request, context: context)
      return signedIn(try await gate.signInByClient(request, from: address, logger: context.logger), request)
    }
    change(group, "/sign-out") { request, context in
      let (_, visitor) = try await gate.form(of: request)
      console.sessions.close(visitor.cookie)
      note("signed out", visitor, context)
      var response = frame.redirect(to: "/sign-in")
      gate.cookie.clear(in: &response, for: request)
      return response
    }
    change(group, "/sessions/{sid}/revoke") { request, context in
      let (_, visitor) = try await gate.form(of: request)
      let id = try SessionID(validating: context.parameters.get("sid") ?? "")
      let wasLive = try await engine.revoke(id)
      note("session revoked", visitor, context, ["session": .string(id.text)])
      return frame.redirect(to: "/sessions/\(id.text)?done=\(wasLive ? "revoked" : "ended")")
    }
    change(group, "/revoke") { request, context in
      let (_, visitor) = try await gate.form(of: request)
      guard let subject = try FormParameters(query: request)[name: "subject"] else {
        throw ConsoleError.form(.malformed)
      }
      let count = try await engine.revokeSessions(of: .subject(subject))
      note("sessions revoked", visitor, context, ["of": .string(LogText.line("subject \(subject)"))])
      return frame.redirect(to: "/sessions?subject=\(FigureText.escaped(subject))&done=revoked-all&count=\(count)")
    }
  }
}

// MARK: - The contents of pages

extension ConsoleRoutes {
  private func list(_ request: Request) async throws -> HTML {
    let parameters = try FormParameters(query: request)
    var query = SessionListPage.Query(subject: parameters[name: "subject"], client: parameters[name: "client"])
    query.cursor = parameters[named: "after"].flatMap { SessionCursor(text: $0) }
    query.wantsEnded = parameters[named: "ended"] != nil
    let page = try await engine.sessions(
      of: query.scope, after: query.cursor, limit: SessionListPage.pageCount)
    var ended: LookBack<EndedSessions>?
    if query.wantsEnded, let subject = query.subject {
      ended = await turn.look(frame.store) { () async throws(EngineError) in
        try await engine.endedSessions(ofSubject: subject)
      }
    }
    let revoked = parameters[named: "done"] == "revoked-all" ? parameters[named: "count"].flatMap { Int($0) } : nil
    return SessionListPage(
      frame: frame, query: query, page: page, ended: ended,
      notice: revoked.map(NoticeText.revoked) ?? "", now: engine.time
    ).body
  }

  private func timeline(_ request: Request, _ text: String?) async throws -> HTML {
    let id = try SessionID(validating: text ?? "")
    let live = try await engine.session(id)
    let history = await turn.look(frame.store) { () async throws(EngineError) in try await engine.history(of: id) }
    let notice: HTML =
      switch try FormParameters(query: request)[named: "done"] {
      case "revoked": NoticeText.done("The session was revoked.")
      case "ended": NoticeText.done("The session had ended before.")
      default: ""
      }
    let page = TimelinePage(frame: frame, id: id, live: live, history: history, notice: notice, now: engine.time)
    if page.session == nil, case .found(let history) = history, history.events.isEmpty, history.extent.isWhole {
      throw ConsoleError.noSuchSession
    }
    return page.body
  }

  private func liveSession(_ text: String?) async throws -> Session? {
    let id = try SessionID(validating: text ?? "")
    return try await engine.session(id)
  }
}

// MARK: - The answering of requests

extension ConsoleRoutes {
  private func look(
    _ group: RouterGroup<Context>, _ path: String,
    _ respond: @escaping @Sendable (Request, Context) async -> Response
  ) {
    let path = RouterPath(console.path + path)
    group.on(path, method: .get) { request, context in await respond(request, context) }
    group.on(path, method: .head) { request, context in await respond(request, context) }
  }

  /// Adds a page for signed-in visitors; others are redirected to the log-in.
  private func page(
    _ group: RouterGroup<Context>, _ path: String, _ title: String, _ section: ConsoleFrame.Section,
    _ body: @escaping @Sendable (Request, Context, ConsoleVisitor) async throws -> HTML
  ) {
    look(group, path) { request, context in
      guard let visitor = await gate.visitor(of: request) else { return frame.redirect(to: "/sign-in") }
      do {
        return frame.page(title, in: section, for: visitor, try await body(request, context, visitor))
      } catch {
        return refusal(ConsoleError(error) ?? .failed(.foreign(error)), visitor, context)
      }
    }
  }

  /// Adds a form that changes something.
  private func change(
    _ group: RouterGroup<Context>, _ path: String, retry: (@Sendable (ConsoleError) -> HTML)? = nil,
    _ respond: @escaping @Sendable (Request, Context) async throws -> Response
  ) {
    group.on(RouterPath(console.path + path), method: .post) { request, context -> Response in
      do { return try await respond(request, context) } catch {
        // An error of the connection is not shown to anybody.
        guard let fault = ConsoleError(error) else { throw error }
        if let retry { return frame.refusal(fault, of: engine, title: "Sign in", for: nil, retry(fault)) }
        if case .signedOut = fault {
          return frame.refusal(fault, of: engine, title: "Sign in", for: nil, SignInPages.signIn(frame, fault))
        }
        return refusal(fault, await gate.visitor(of: request), context)
      }
    }
  }

  private func refusal(_ fault: ConsoleError, _ visitor: ConsoleVisitor?, _ context: Context) -> Response {
    if case .failed(let failure) = fault {
      context.logger.warning(
        "console: request failed", metadata: ["failure": .string(LogText.line(failure.description))])
    }
    return frame.refusal(fault, of: engine, title: "Not done", for: visitor, NoticeText.page(fault, frame))
  }

  private func signedIn(_ cookie: String, _ request: Request) -> Response {
    var response = frame.redirect(to: "")
    gate.cookie.set(cookie, in: &response, for: request)
    return response
  }

  /// Logs who made a change; the engine's own line logs the change itself.
  private func note(
    _ what: String, _ visitor: ConsoleVisitor, _ context: Context, _ metadata: Logger.Metadata = [:]
  ) {
    var metadata = metadata
    metadata["by"] = .string(visitor.session.user.logText)
    context.logger.notice("console: \(what)", metadata: metadata)
  }
}

extension FormParameters {
  /// The value of a parameter with the name of a subject or client, as people type it.
  fileprivate subscript(name parameter: String) -> String? { self[named: parameter].map(NameForm.typed) }
}
