import Hummingbird
import Logging
import ServiceLifecycle
import TokenEngine
import TokenHTTP
import TokenObservability
import UnixSignals

/// An application with routes of its own behind access tokens, and the token server's beside them, on 127.0.0.1 until
/// SIGTERM.
@main
struct HummingbirdExample {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    let logger = Logger(label: "HummingbirdApp")
    let subjects = StaffTable(["ann": "correct horse"], scopes: ["orders.read"])
    let engine = try await RotationEngine.open(
      folder: FilePath(arguments.first ?? "tokens"), subjects: subjects, observer: EngineLogObserver(logger: logger))

    // docs:routes
    let router = Router(context: TokenRequestContext.self)
    TokenRoutes(engine: engine, clients: WebClients()).add(to: router, pathPrefix: "/auth")
    router.group("orders")
      .add(middleware: BearerAuthenticator(engine: engine))
      .add(middleware: RequireScope("orders.read"))
      .get { _, context in "\(context.bearer.accessToken?.subject ?? "nobody") has 2 orders\n" }
    // docs:end

    let port = arguments.dropFirst().first.flatMap { Int($0) } ?? 8080
    // docs:lifecycle
    let server = Application(
      router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
      logger: logger)
    // The engine before the server: services end in reverse order, so the log closes after the last request.
    let group = ServiceGroup(services: [engine, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
    // docs:end
  }
}

// docs:clients
/// The one client of the application: its web pages.
struct WebClients: ClientStore {
  private let web = Client(id: "web", isPublic: true, grace: .seconds(10))

  func client(id: String) async throws -> Client? { id == web.id ? web : nil }

  /// A public client has no secret.
  func authenticate(id: String, secretCandidates: [[UInt8]]) async throws -> Client? { nil }
}
// docs:end

/// Subjects that stand in the program: for an example only.
///
/// A real store keeps password hashes, in a database or as `SubjectFile` does.
struct StaffTable: SubjectStore {
  private let passwords: [String: String]
  private let scopes: Scopes

  init(_ passwords: [String: String], scopes: Scopes) {
    self.passwords = passwords
    self.scopes = scopes
  }

  func authenticate(name: String, password: String) async throws -> Subject? {
    passwords[name] == password ? try await subject(id: name) : nil
  }

  func subject(id: String) async throws -> Subject? {
    passwords[id] == nil ? nil : Subject(id: id, scopes: scopes)
  }
}
