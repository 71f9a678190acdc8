import GRPCCore
import GRPCInProcessTransport
import TokenEngine
import TokenVerification

/// Calls both methods, in one program, as who may, as who may not, and as nobody: judged by the engine, and by its
/// public keys alone as in another process.
@main
struct GRPCExample {
  static func main() async throws {
    var options = EngineOptions()
    options.algorithm = .es256
    let engine = try RotationEngine.inMemory(options: options)
    let app = Client(id: "app", isPublic: true)
    let reader = try await engine.openUncheckedSession(subject: "ann", client: app, scopes: ["orders.read"])
    let stranger = try await engine.openUncheckedSession(subject: "bob", client: app, scopes: [])

    let elsewhere = AccessTokenVerifier(
      keys: try KeySet(json: engine.publicKeySet), issuer: options.issuer, audience: options.audience)
    for verifier in [engine, elsewhere] as [any BearerVerifier] {
      try await call(as: [reader.accessToken, stranger.accessToken, nil], judgedBy: verifier)
    }
    try await engine.close()
  }

  private static func call(as tokens: [String?], judgedBy verifier: any BearerVerifier) async throws {
    let transport = InProcessTransport()
    try await withGRPCServer(
      transport: transport.server, services: [OrderService()],
      interceptors: [AuthorizationInterceptor(verifier: verifier, scope: "orders.read")]
    ) { _ in
      try await withGRPCClient(transport: transport.client) { client in
        for token in tokens {
          let metadata: Metadata = token.map { ["authorization": "Bearer \($0)"] } ?? [:]
          for method in [OrderService.count, OrderService.list] {
            do {
              try await client.serverStreaming(
                request: ClientRequest(message: "", metadata: metadata), descriptor: method, serializer: UTF8Text(),
                deserializer: UTF8Text(), options: .defaults
              ) { response in
                for try await message in response.messages { print(message) }
              }
            } catch let error as RPCError {
              print("\(error.code): \(error.message)")
            }
          }
        }
      }
    }
  }
}
