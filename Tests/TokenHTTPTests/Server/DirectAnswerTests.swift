import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTesting
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Testing
import TokenEngine

@testable import TokenHTTP

@Suite("A request that is answered before it reaches the server", .timeLimit(.minutes(5)))
struct DirectAnswerTests {
  private static let form = "grant_type=refresh_token&refresh_token=x&client_id=app"

  /// Ends the connection once the client sends no more, as the server does that owes no reply.
  private final class End: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case .inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    }
  }

  private func direct(
    _ fixture: ServerFixture, failedLoginsPerMinute: Int = 0, metrics: RequestMetrics? = nil,
    origins: OriginAllowList? = nil, hangUps: HangUps = HangUps()
  ) -> DirectRequests {
    var options = ServerOptions()
    options.failedLoginsPerMinute = failedLoginsPerMinute
    // However slowly a test runs, the minute does not pass.
    options.loginClock = { [start = ContinuousClock.now] in start }
    let routes = TokenRoutes<TokenRequestContext>(
      engine: fixture.engine, clients: fixture.clients, options: options, metrics: nil, additionalRoutes: [],
      hangUps: hangUps)
    return routes.direct(pathPrefix: "", metrics: metrics, origins: origins, logger: fixture.logger)
  }

  /// A connection behind whose handler nobody answers.
  private func connection(
    _ fixture: ServerFixture, metrics: RequestMetrics? = nil, origins: OriginAllowList? = nil
  ) async throws -> NIOAsyncTestingChannel {
    let hangUps = HangUps()
    let direct = direct(fixture, metrics: metrics, origins: origins, hangUps: hangUps)
    let channel = NIOAsyncTestingChannel()
    try await channel.testingEventLoop.executeInContext {
      try channel.pipeline.syncOperations.addHandlers([HangUpNotice(hangUps), DirectAnswers(direct), End()])
    }
    try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
    return channel
  }

  private func head(
    _ path: String = "/token", _ fields: HTTPFields = [:], length: Int = Self.form.utf8.count
  ) -> HTTPRequest {
    var all: HTTPFields = [.contentType: "application/x-www-form-urlencoded", .contentLength: String(length)]
    all.append(contentsOf: fields)
    return HTTPRequest(method: .post, scheme: "http", authority: "a", path: path, headerFields: all)
  }

  private func send(_ parts: [HTTPRequestPart], over channel: NIOAsyncTestingChannel) async throws {
    for part in parts { try await channel.writeInbound(part) }
  }

  private func request(_ head: HTTPRequest) -> [HTTPRequestPart] {
    [.head(head), .body(ByteBuffer(string: Self.form)), .end(nil)]
  }

  private func fire(
    over channel: NIOAsyncTestingChannel, _ event: @escaping @Sendable (ChannelPipeline) -> Void
  ) async throws {
    try await channel.testingEventLoop.executeInContext { event(channel.pipeline) }
  }

  private func endInput(of channel: NIOAsyncTestingChannel) async throws {
    try await fire(over: channel) { $0.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
  }

  private func next(from channel: NIOAsyncTestingChannel) async throws -> HTTPResponsePart {
    try await channel.waitForOutboundWrite(as: HTTPResponsePart.self)
  }

  /// Reads a whole reply with a body, and returns its head.
  private func reply(from channel: NIOAsyncTestingChannel) async throws -> HTTPResponse? {
    let parts = [try await next(from: channel), try await next(from: channel), try await next(from: channel)]
    guard case .head(let head) = parts[0], case .body = parts[1], parts[2] == .end(nil) else { return nil }
    return head
  }

  @Test("gets the reply of the route, with a date, and the server never sees it")
  func answered() async throws {
    let fixture = try ServerFixture()
    let channel = try await connection(fixture)
    try await send(request(head()), over: channel)
    guard case .head(let reply) = try await next(from: channel) else {
      Issue.record("no head")
      return
    }
    let routed = try await fixture.run { try await $0.post(Self.form) }
    #expect(reply.status.code == routed.status)
    #expect(reply.headerFields[.date] != nil)
    #expect(reply.headerFields.filter { $0.name != .date } == routed.headers.filter { $0.name != .date })
    #expect(try await next(from: channel) == .body(ByteBuffer(string: routed.text)))
    #expect(try await next(from: channel) == .end(nil))
    #expect(try await channel.readInbound(as: HTTPRequestPart.self) == nil)
  }

  @Test("is answered once the server has added its last handler, from the first request on")
  func installed() async throws {
    let fixture = try ServerFixture()
    let hangUps = HangUps()
    let direct = direct(fixture, hangUps: hangUps)
    let channel = NIOAsyncTestingChannel()
    try await channel.testingEventLoop.executeInContext {
      // In the order of the server, which adds its own behind those that it is given.
      try channel.pipeline.syncOperations.addHandlers([
        HangUpNotice(hangUps), DirectInstallation(direct), HTTPConnectionStateHandler(logger: fixture.logger), End(),
      ])
    }
    try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
    for _ in 0..<2 {
      try await send(request(head()), over: channel)
      #expect(try await reply(from: channel)?.status.code == 400)
      #expect(try await channel.readInbound(as: HTTPRequestPart.self) == nil)
    }
    try await send([.head(head("/other"))], over: channel)
    #expect(try await channel.readInbound(as: HTTPRequestPart.self) == .head(head("/other")))
  }

  @Test("is counted under its route, and pages of a listed origin can read its reply")
  func observed() async throws {
    let counted = CountedMetrics()
    let channel = try await connection(
      try ServerFixture(),
      metrics: RequestMetrics(factory: counted.server.factory, routes: [RouterPath("/token")], pathPrefix: ""),
      origins: OriginAllowList(origins: ["https://a.example"], headers: [], pathPrefix: "", metadataPath: nil))
    try await send(request(head("/token", [.origin: "https://a.example"])), over: channel)
    let reply = try #require(try await reply(from: channel))
    #expect(reply.headerFields[.accessControlAllowOrigin] == "https://a.example")
    #expect(counted.requests == ["http_requests_total{/token,4xx}": 1])
  }

  @Test("gets it before the server sees what came after it, and waits while the server owes a reply")
  func order() async throws {
    let channel = try await connection(try ServerFixture())
    let other = HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/me")
    try await send(request(head()) + [.head(other), .end(nil)] + request(head()), over: channel)
    #expect(try await channel.readInbound(as: HTTPRequestPart.self) == nil)
    #expect(try await reply(from: channel) != nil)
    #expect(try await channel.waitForInboundWrite(as: HTTPRequestPart.self) == .head(other))
    #expect(try await channel.waitForInboundWrite(as: HTTPRequestPart.self) == .end(nil))
    // The server answers in its own order.
    for part in request(head()) {
      #expect(try await channel.waitForInboundWrite(as: HTTPRequestPart.self) == part)
    }
    #expect(try await channel.readOutbound(as: HTTPResponsePart.self) == nil)
    for _ in 1...2 {
      try await channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .noContent)))
      try await channel.writeOutbound(HTTPResponsePart.end(nil))
      for _ in 1...2 { _ = try await next(from: channel) }
    }
    try await send(request(head()), over: channel)
    #expect(try await reply(from: channel)?.status == .badRequest)
  }

  @Test("is only one for the path alone, with a length within the bound, on a connection that goes on")
  func others() async throws {
    let heads = [
      head("/token?x=1"), head("/revoke"), head("/token", [.connection: "close"]), head(length: 1 << 20),
      HTTPRequest(method: .post, scheme: "http", authority: "a", path: "/token"),
    ]
    for other in heads {
      let channel = try await connection(try ServerFixture())
      try await send([.head(other)], over: channel)
      #expect(try await channel.readInbound(as: HTTPRequestPart.self) == .head(other))
    }
  }

  @Test("is left to the server where its client takes no replies")
  func slowReader() async throws {
    let channel = try await connection(try ServerFixture())
    channel.isWritable = false
    try await send([.head(head())], over: channel)
    #expect(try await channel.readInbound(as: HTTPRequestPart.self) == .head(head()))
  }

  @Test("is left to the server where its client sends no more of it")
  func cutOff() async throws {
    let channel = try await connection(try ServerFixture())
    try await send([.head(head()), .body(ByteBuffer(string: "grant"))], over: channel)
    #expect(try await channel.readInbound(as: HTTPRequestPart.self) == nil)
    try await endInput(of: channel)
    #expect(try await channel.readInbound(as: HTTPRequestPart.self) == .head(head()))
    #expect(try await channel.readInbound(as: HTTPRequestPart.self) == .body(ByteBuffer(string: "grant")))
    #expect(!channel.isActive)
  }

  @Test("is refused if its client hangs up before the next turn of the event loop; the server is told after the reply")
  func hungUp() async throws {
    let channel = try await connection(try ServerFixture())
    try await send(request(head()), over: channel)
    try await endInput(of: channel)
    #expect(channel.isActive)
    #expect(try await reply(from: channel)?.status == .serviceUnavailable)
    await channel.testingEventLoop.run()
    #expect(!channel.isActive)
  }

  @Test("gets its reply before the server sees what is wrong with the next one")
  func failure() async throws {
    let channel = try await connection(try ServerFixture())
    try await send(request(head()), over: channel)
    try await fire(over: channel) { $0.fireErrorCaught(HTTPParserError.unknown) }
    try await channel.throwIfErrorCaught()
    #expect(try await reply(from: channel)?.status == .badRequest)
    await channel.testingEventLoop.run()
    await #expect(throws: HTTPParserError.self) { try await channel.throwIfErrorCaught() }
  }

  @Test("to log in counts for the address that its connection had")
  func address() async throws {
    let (channel, direct) = (NIOAsyncTestingChannel(), direct(try ServerFixture(), failedLoginsPerMinute: 1))
    try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
    channel.remoteAddress = nil
    let form = ByteBuffer(string: "grant_type=password&username=ann&password=wrong&client_id=app")
    for (address, status) in [("192.0.2.1", 400), ("192.0.2.1", 429), ("192.0.2.2", 400)] {
      let reply = await direct.answer(
        head(), form, over: channel, from: try SocketAddress(ipAddress: address, port: 1), since: .now)
      #expect(reply.head.status.code == status)
    }
  }
}
