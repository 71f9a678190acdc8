import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import TokenHTTP

@Suite("A request whose client has hung up")
struct HangUpTests {
  private struct Context: RequestContext, ConnectionContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
      coreContext = CoreRequestContextStorage(source: source)
      channel = source.channel
    }
  }

  /// A connection that nobody reads from.
  private struct Connection: ServerChildChannel {
    struct Value: ServerChildChannelValue {
      let channel: any Channel
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
      channel.eventLoop.makeSucceededFuture(Value(channel: channel))
    }

    func handle(value: Value, logger: Logger) async {}
  }

  private func guarded(_ hangUps: HangUps) -> GuardedChannel<Connection> {
    GuardedChannel(
      base: Connection(), counts: nil, headerTimeout: .seconds(5), idleTimeout: .seconds(60), awaitsStreams: false,
      hangUps: hangUps)
  }

  /// A connection as the server sets it up.
  private func connection(_ hangUps: HangUps) async throws -> NIOAsyncTestingChannel {
    let (channel, guarded) = (NIOAsyncTestingChannel(), guarded(hangUps))
    try await channel.testingEventLoop.executeInContext {
      _ = guarded.setup(channel: channel, logger: Logger(label: "test"))
    }
    try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
    return channel
  }

  private func endInput(of channel: NIOAsyncTestingChannel) async throws {
    try await channel.testingEventLoop.executeInContext {
      channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
  }

  /// The refusal of a request over a connection, or nil if it was carried out.
  private func refusal(of hangUps: HangUps, over channel: any Channel) async throws -> AdmissionRefusal? {
    let refused = Mutex(AdmissionRefusal?.none)
    let admission = RequestAdmission<Context>(bodyBytesMax: 16, inFlightMax: 1, hangUps: hangUps) { reason in
      refused.withLock { $0 = reason }
      return Response(status: .serviceUnavailable)
    }
    let request = Request(
      head: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/token"),
      body: RequestBody(buffer: ByteBuffer()))
    let source = ApplicationRequestContextSource(channel: channel, logger: Logger(label: "test"))
    let reply = try await admission.handle(request, context: Context(source: source)) { _, _ in Response(status: .ok) }
    return reply.status == .ok ? nil : refused.withLock { $0 }
  }

  @Test("is not carried out: once the client sends no more, and once the connection has ended")
  func refused() async throws {
    let hangUps = HangUps()
    let (channel, other) = (try await connection(hangUps), try await connection(hangUps))
    #expect(try await refusal(of: hangUps, over: channel) == nil)
    try await endInput(of: channel)
    #expect(try await refusal(of: hangUps, over: channel) == .hungUp)
    _ = try await other.finish()
    #expect(try await refusal(of: hangUps, over: other) == .hungUp)
  }

  @Test("takes the requests of no other connection with it, nor that of a later connection")
  func others() async throws {
    let hangUps = HangUps()
    let (channel, other) = (try await connection(hangUps), try await connection(hangUps))
    try await endInput(of: channel)
    _ = try await channel.finish()
    #expect(try await refusal(of: hangUps, over: other) == nil)
    // No request of it is handled any more.
    await guarded(hangUps).handle(value: Connection.Value(channel: channel), logger: Logger(label: "test"))
    await channel.testingEventLoop.run()
    #expect(hangUps.isEmpty)
    #expect(try await refusal(of: hangUps, over: channel) == nil)
  }

  @Test("is answered 503 by every wire", arguments: WireFormat.allCases)
  func reply(wire: WireFormat) throws {
    let reply = wire.tokenWire.reply(to: .notAdmitted(.hungUp))
    #expect(reply.status == .serviceUnavailable)
  }

  @Test("leaves nothing behind in a server once it is gone")
  func forgotten() async throws {
    let hangUps = HangUps()
    let fixture = try ServerFixture()
    let router = Router(context: TokenRequestContext.self)
    TokenRoutes<TokenRequestContext>(
      engine: fixture.engine, clients: fixture.clients, options: ServerOptions(), metrics: nil, additionalRoutes: [],
      hangUps: hangUps
    ).add(to: router)
    let application = Application(
      router: router, server: ServerOptions().server(notingIn: hangUps),
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)), logger: fixture.logger)
    try await application.test(.live) { client async throws in
      for _ in 1...20 { #expect(try await client.get("/health/live").status == 200) }
    }
    #expect(hangUps.isEmpty)
  }
}
