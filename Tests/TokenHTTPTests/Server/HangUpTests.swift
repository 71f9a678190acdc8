import HTTPTypes
import Hummingbird
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

  /// A connection whose end is noted.
  private func connection(_ hangUps: HangUps) throws -> EmbeddedChannel {
    let channel = EmbeddedChannel(handler: HangUpNotice(hangUps))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    return channel
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
    let (channel, other) = (try connection(hangUps), try connection(hangUps))
    #expect(try await refusal(of: hangUps, over: channel) == nil)
    channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(try await refusal(of: hangUps, over: channel) == .hungUp)
    _ = try other.finish()
    #expect(try await refusal(of: hangUps, over: other) == .hungUp)
  }

  @Test("takes the requests of no other connection with it, nor that of a later connection")
  func others() async throws {
    let hangUps = HangUps()
    let (channel, other) = (try connection(hangUps), try connection(hangUps))
    channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    _ = try channel.finish()
    #expect(try await refusal(of: hangUps, over: other) == nil)
    hangUps.forget(channel)
    #expect(hangUps.isEmpty)
    #expect(try await refusal(of: hangUps, over: channel) == nil)
  }

  @Test(
    "is answered 503 in the words of the wire, and counted as no overload", arguments: [WireFormat.standard, .romm])
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
