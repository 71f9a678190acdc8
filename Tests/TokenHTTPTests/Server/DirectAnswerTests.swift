import HTTPTypes
import HummingbirdTesting
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing
import TokenEngine

@testable import TokenHTTP

@Suite("A request that is answered before it reaches the server")
struct DirectAnswerTests {
  private static let form = "grant_type=refresh_token&refresh_token=x&client_id=app"

  /// A connection behind whose handler nobody answers.
  private func connection(_ fixture: ServerFixture) async throws -> NIOAsyncTestingChannel {
    let routes = TokenRoutes<TokenRequestContext>(
      engine: fixture.engine, clients: fixture.clients, options: ServerOptions(), metrics: nil, additionalRoutes: [],
      hangUps: HangUps())
    let direct = routes.direct(pathPrefix: "", metrics: nil, origins: nil, logger: fixture.logger)
    let channel = NIOAsyncTestingChannel()
    try await channel.testingEventLoop.executeInContext {
      try channel.pipeline.syncOperations.addHandler(DirectAnswers(direct))
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

  private func next(from channel: NIOAsyncTestingChannel) async throws -> HTTPResponsePart {
    try await channel.waitForOutboundWrite(as: HTTPResponsePart.self)
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

  @Test("gets it before the server sees what came after it, and waits while the server owes a reply")
  func order() async throws {
    let channel = try await connection(try ServerFixture())
    let other = HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/me")
    try await send(request(head()) + [.head(other), .end(nil)] + request(head()), over: channel)
    for _ in 1...3 { _ = try await next(from: channel) }
    #expect(try await channel.waitForInboundWrite(as: HTTPRequestPart.self) == .head(other))
    #expect(try await channel.waitForInboundWrite(as: HTTPRequestPart.self) == .end(nil))
    // The server answers in its own order.
    #expect(try await channel.waitForInboundWrite(as: HTTPRequestPart.self) == .head(head()))
    #expect(try await channel.readOutbound(as: HTTPResponsePart.self) == nil)
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

  @Test("is left to the server where its client sends no more of it")
  func cutOff() async throws {
    let channel = try await connection(try ServerFixture())
    try await send([.head(head()), .body(ByteBuffer(string: "grant"))], over: channel)
    #expect(try await channel.readInbound(as: HTTPRequestPart.self) == nil)
    try await channel.testingEventLoop.executeInContext {
      channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
    #expect(try await channel.readInbound(as: HTTPRequestPart.self) == .head(head()))
    #expect(try await channel.readInbound(as: HTTPRequestPart.self) == .body(ByteBuffer(string: "grant")))
  }
}
