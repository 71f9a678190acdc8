import TokenEngine

@main
struct InterceptorExample {
  static func main() async throws {
    try await run { print($0) }
  }

  static func run(print: (String) -> Void) async throws {
    let engine = try RotationEngine.inMemory()
    let app = Client(id: "app", isPublic: true)
    let reader = try await engine.openSession(subject: "ann", client: app, scopes: Scopes("orders.read") ?? .none)
    let stranger = try await engine.openSession(subject: "bob", client: app, scopes: .none)
    let interceptor = AuthorizationInterceptor(engine: engine, scope: "orders.read")

    for metadata in [
      ["authorization": "Bearer \(reader.accessToken)"], ["authorization": "Bearer \(stranger.accessToken)"],
      ["authorization": "Bearer nonsense"], [:],
    ] {
      do {
        print(
          try await interceptor.intercept(metadata: metadata) { "\(Caller.current?.subject ?? "nobody") has 2 orders" })
      } catch let refusal as CallRefusal {
        print("\(refusal)")
      }
    }
    try await engine.close()
  }
}
