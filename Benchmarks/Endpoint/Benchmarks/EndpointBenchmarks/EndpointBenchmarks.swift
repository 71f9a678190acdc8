import Benchmark
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import SystemPackage
import TokenEngine
import TokenHTTP
import TokenTesting

/// The routes without sockets: parse the form, grant, write the reply.
///
/// What a server adds is the socket's and HTTP's.
let benchmarks: @Sendable () -> Void = {
  let configuration = Benchmark.Configuration(
    metrics: [.wallClock, .cpuTotal, .throughput], warmupIterations: 2, scalingFactor: .kilo, maxDuration: .seconds(1))

  for callers in [1, 16, 64, 512] {
    Benchmark("POST /token, refresh_token, in memory, \(callers) callers", configuration: configuration) { benchmark in
      let endpoint = try await Endpoint(RotationEngine.inMemory(), callers: callers)
      benchmark.startMeasurement()
      try await endpoint.refresh(benchmark.scaledIterations.count)
      benchmark.stopMeasurement()
    }
    Benchmark("POST /token, refresh_token, durable, \(callers) callers", configuration: configuration) { benchmark in
      let folder = FileManager.default.temporaryDirectory.appending(path: "refresh-ledger-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: folder) }
      let engine = try await RotationEngine.open(folder: FilePath(folder.path))
      let endpoint = try await Endpoint(engine, callers: callers)
      benchmark.startMeasurement()
      try await endpoint.refresh(benchmark.scaledIterations.count)
      benchmark.stopMeasurement()
      try await engine.close()
    }
  }

  Benchmark("POST /token, client_credentials", configuration: configuration) { benchmark in
    let endpoint = try await Endpoint(RotationEngine.inMemory(), callers: 0)
    benchmark.startMeasurement()
    try await endpoint.grantToService(benchmark.scaledIterations.count)
    benchmark.stopMeasurement()
  }
}

/// The server's routes and who calls them.
struct Endpoint {
  private let application: any ApplicationProtocol
  private let tokens: [String]
  private static let secret = "a-secret-of-the-service"

  init(_ engine: RotationEngine, callers: Int) async throws {
    let web = Client(id: "web", isPublic: true)
    let clients = ClientTable()
    clients.set(web)
    clients.set(
      Client(id: "service", isPublic: false, scopes: Scopes("read"), grants: [.clientCredentials]), secret: Self.secret)
    let logger = Logger(label: "benchmark", factory: { _ in SwiftLogNoOpLogHandler() })
    application = TokenApplication.make(engine: engine, clients: clients, logger: logger).application
    let opening = OpeningRequest(subject: "ann", client: web, scopes: ["read", "write"])
    tokens =
      callers == 0
      ? [] : try await engine.openUncheckedSessions(Array(repeating: opening, count: callers)).map(\.refreshToken)
  }

  func refresh(_ count: Int) async throws {
    try await application.test(.router) { client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (caller, first) in tokens.enumerated() {
          group.addTask {
            var token = first
            for _ in 0..<((count + caller) / tokens.count) {
              token =
                try await Self.post("grant_type=refresh_token&client_id=web&refresh_token=\(token)", to: client)
                .refreshToken ?? ""
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  func grantToService(_ count: Int) async throws {
    let form = "grant_type=client_credentials&client_id=service&client_secret=\(Self.secret)"
    try await application.test(.router) { client in
      for _ in 0..<count { blackHole(try await Self.post(form, to: client)) }
    }
  }

  private static func post(_ form: String, to client: any TestClientProtocol) async throws -> Reply {
    try await client.execute(
      uri: "/token", method: .post, headers: [.contentType: "application/x-www-form-urlencoded"],
      body: ByteBuffer(string: form)
    ) { response in
      guard response.status == .ok else { throw Refused(reply: String(buffer: response.body)) }
      return try JSONDecoder().decode(Reply.self, from: Data(response.body.readableBytesView))
    }
  }

  private struct Reply: Decodable {
    var refreshToken: String?

    enum CodingKeys: String, CodingKey {
      case refreshToken = "refresh_token"
    }
  }

  private struct Refused: Error {
    let reply: String
  }
}
