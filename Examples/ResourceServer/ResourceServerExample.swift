import AsyncHTTPClient
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import TokenHTTP
import TokenVerification
import UnixSignals

/// A resource server in a process of its own: it verifies access tokens by the token server's public keys, and refuses
/// what is revoked there within milliseconds.
///
/// It listens on 127.0.0.1 until SIGTERM.
///
/// The arguments are the token server's address, the id and secret of a client that may introspect there, and the port.
@main
struct ResourceServerExample {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count == 4, let port = Int(arguments[3]) else {
      print("usage: ResourceServer ISSUER CLIENT SECRET PORT")
      return
    }
    let (issuer, client, secret) = (arguments[0], arguments[1], arguments[2])
    let logger = Logger(label: "ResourceServer")

    // docs:verifier
    let http = HTTPClient.shared
    let keys = RemoteKeySet {
      let reply = try await http.execute(
        HTTPClientRequest(url: "\(issuer)/.well-known/jwks.json"), timeout: .seconds(5))
      guard reply.status == .ok else { throw UnexpectedStatus(code: reply.status.code) }
      return Array(try await reply.body.collect(upTo: 256 << 10).readableBytesView)
    }
    let follower = RevocationFollower(onState: { logger.info("revocations", metadata: ["state": "\($0)"]) }) { cursor in
      var request = HTTPClientRequest(url: "\(issuer)/admin/revocations")
      request.setBasicAuth(username: client, password: secret)
      if let cursor { request.headers.add(name: "Last-Event-ID", value: cursor) }
      let reply = try await http.execute(request, timeout: .hours(24))
      guard reply.status == .ok else { throw UnexpectedStatus(code: reply.status.code) }
      return reply.body.map { Array($0.readableBytesView) }
    }
    let verifier = AccessTokenVerifier(keys: keys, issuer: issuer, revocations: follower)
    // docs:end

    // docs:routes
    let router = Router(context: TokenRequestContext.self)
    router.group("orders")
      .add(middleware: BearerAuthenticator(verifier: verifier))
      .add(middleware: RequireScope("orders.read"))
      .get { _, context in "\(context.bearer.accessToken?.subject ?? "nobody") has 2 orders\n" }
    router.get("health") { _, _ in "\(follower.state)\n" }
    // docs:end

    let server = Application(
      router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
      onServerRunning: { channel in print("listens on port \(channel.localAddress?.port ?? port)") }, logger: logger)
    // The follower before the server: services end in reverse order.
    let group = ServiceGroup(
      services: [follower, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
  }
}

/// A reply of the token server that is not the one that was asked for.
struct UnexpectedStatus: Error, CustomStringConvertible {
  var code: UInt

  var description: String { "the token server answered \(code)" }
}
