import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL
import RefreshRotationLoad
import TokenEngine
import TokenLedger
import TokenObservability

/// The admin routes of a server, from the view of their client.
struct AdminServer {
  let url: String
  let client: String
  let secret: String
  /// The PEM file of the certificates that are trusted in place of the system's.
  let certificates: String?

  /// A session as the server shows it.
  private struct ShownSession: Decodable {
    var sid, subject, client, scope, rotation: String
    var label: String?
    var generation: UInt32
    var openedAt, lastUsedAt, idleEnd, absoluteEnd: Int64
    var confirmation: SessionConfirmation?
    var attributes: String?

    enum CodingKeys: String, CodingKey {
      case sid, subject, scope, rotation, label, generation, attributes
      case confirmation = "cnf"
      case client = "client_id"
      case openedAt = "opened_at_ms"
      case lastUsedAt = "last_used_at_ms"
      case idleEnd = "idle_end_ms"
      case absoluteEnd = "absolute_end_ms"
    }

    var row: SessionRow {
      func time(_ milliseconds: Int64) -> String { LogRecordLine.time(Timestamp(milliseconds: milliseconds)) }
      return SessionRow(
        sid: sid, subject: subject, client: client, scope: scope, label: label, rotation: rotation,
        generation: generation, openedAt: time(openedAt), lastUsedAt: time(lastUsedAt),
        idleEnd: time(idleEnd), absoluteEnd: time(absoluteEnd),
        confirmation: confirmation, attributes: attributes)
    }
  }

  private struct Page: Decodable {
    var sessions: [ShownSession]
    var next: String?
  }

  /// The outcome of a request that ends sessions.
  private struct Ending: Decodable {
    var ended: Int
  }

  private struct Refusal: Decodable {
    var error: String
    var description: String?

    enum CodingKeys: String, CodingKey {
      case error
      case description = "error_description"
    }
  }

  private struct Reply {
    var status: Int
    var bytes: ByteBuffer
  }

  /// Gets the live sessions, page by page.
  func sessions(subject: String?, client: String?, _ each: (SessionRow) throws -> Void) async throws {
    try await connected { http in
      var after: String?
      repeat {
        let reply = try await ask(
          .GET, "/admin/sessions", [("subject", subject), ("client_id", client), ("limit", "1000"), ("after", after)],
          over: http)
        let page = try read(reply, as: Page.self)
        for session in page.sessions { try each(session.row) }
        after = page.next
      } while after != nil
    }
  }

  /// Gets a session, or returns nil if none with that id is live.
  func session(_ id: SessionID) async throws -> SessionRow? {
    let reply = try await ask(.GET, "/admin/sessions/\(id.text)")
    return reply.status == 404 ? nil : try read(reply, as: ShownSession.self).row
  }

  /// Revokes a session, and returns whether it was live.
  func revoke(_ id: SessionID) async throws -> Bool {
    let reply = try await ask(.DELETE, "/admin/sessions/\(id.text)")
    return reply.status == 404 ? false : try ended(reply) > 0
  }

  /// Revokes sessions, and returns their number.
  func revokeAll(subject: String?, client: String?) async throws -> Int {
    let isAll = subject == nil && client == nil
    return try ended(
      await ask(
        .DELETE, "/admin/sessions", [("subject", subject), ("client_id", client), ("all", isAll ? "true" : nil)]))
  }

  private func ended(_ reply: Reply) throws -> Int {
    guard reply.status != 204 else {
      throw CommandError(
        .bad,
        "\(url): does not say how many sessions ended: it is an older release; see what is left with sessions list")
    }
    return try read(reply, as: Ending.self).ended
  }

  private func ask(_ method: HTTPMethod, _ path: String, _ query: [(String, String?)] = []) async throws -> Reply {
    try await connected { try await ask(method, path, query, over: $0) }
  }

  /// Sends a request over a connection that stays open from one request to the next.
  private func ask(
    _ method: HTTPMethod, _ path: String, _ query: [(String, String?)], over http: HTTPClient
  ) async throws -> Reply {
    let pairs = query.compactMap { name, value in value.map { "\(name)=\(PercentEncoding.encode($0))" } }
    var request = HTTPClientRequest(url: url + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")))
    request.method = method
    request.headers.add(name: "authorization", value: "Basic \(Data("\(client):\(secret)".utf8).base64EncodedString())")
    do {
      let response = try await http.execute(request, timeout: .seconds(30))
      return Reply(status: Int(response.status.code), bytes: try await response.body.collect(upTo: 4 << 20))
    } catch {
      throw CommandError.noReply(error, from: url)
    }
  }

  private func connected<Outcome>(_ work: (HTTPClient) async throws -> Outcome) async throws -> Outcome {
    var configuration = HTTPClient.Configuration()
    // A redirect would send the secrets to another place.
    configuration.redirectConfiguration = .disallow
    if let certificates {
      var trust = TLSConfiguration.makeClientConfiguration()
      trust.trustRoots = .file(certificates)
      configuration.tlsConfiguration = trust
    }
    let http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    do {
      let outcome = try await work(http)
      try? await http.shutdown()
      return outcome
    } catch {
      try? await http.shutdown()
      throw error
    }
  }

  private func read<Body: Decodable>(_ reply: Reply, as type: Body.Type) throws -> Body {
    guard reply.status == 200 else { throw failure(reply) }
    guard let body = try? JSONDecoder().decode(type, from: Data(reply.bytes.readableBytesView)) else {
      throw CommandError(.bad, "\(url): answers, but not as a refresh-ledger server does; check the address")
    }
    return body
  }

  private func failure(_ reply: Reply) -> CommandError {
    let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(reply.bytes.readableBytesView))
    switch (reply.status, refusal) {
    case (401, _?):
      return CommandError(.bad, "\(url): does not know the client or its secret; see clients list there")
    case (403, _?):
      return CommandError(.bad, "\(url): the client is not an admin; add one with clients add --admin there")
    case (503, _?): return CommandError(.temporary, "\(url): is overloaded or closed for changes; try again later")
    case (_, let refusal?):
      let what = refusal.description ?? refusal.error
      return CommandError(.bad, "\(url): refused: \(LogText.line(what))")
    case (_, nil):
      return CommandError(
        .bad,
        "\(url): answers \(reply.status), not as a refresh-ledger server does; check the address and its path prefix")
    }
  }
}

extension AdminServer: RedactedValue {}
