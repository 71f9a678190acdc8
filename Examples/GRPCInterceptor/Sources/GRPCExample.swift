import GRPCCore
import GRPCInProcessTransport
import TokenEngine

/// Calls both methods, in one program, as who may, as who may not, and as nobody.
@main
struct GRPCExample {
  static func main() async throws {
    let engine = try RotationEngine.inMemory()
    let app = Client(id: "app", isPublic: true)
    let reader = try await engine.openUncheckedSession(subject: "ann", client: app, scopes: ["orders.read"])
    let stranger = try await engine.openUncheckedSession(subject: "bob", client: app, scopes: [])

    let transport = InProcessTransport()
    try await withGRPCServer(
      transport: transport.server, services: [OrderService()],
      interceptors: [AuthorizationInterceptor(engine: engine, scope: "orders.read")]
    ) { _ in
      try await withGRPCClient(transport: transport.client) { client in
        for token in [reader.accessToken, stranger.accessToken, nil] {
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
    try await engine.close()
  }
}
