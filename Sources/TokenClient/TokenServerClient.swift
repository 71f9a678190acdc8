internal import FoundationEssentials
internal import Synchronization

/// A client of the token server, over a closure that sends a request, so over any HTTP client.
///
///     let client = TokenServerClient(id: "web", secret: secret) { request in
///       var sent = HTTPClientRequest(url: "https://login.example" + request.path)
///       sent.method = HTTPMethod(rawValue: request.method)
///       for (name, value) in request.fields { sent.headers.add(name: name, value: value) }
///       sent.body = .bytes(request.body)
///       let reply = try await http.execute(sent, timeout: .seconds(10))
///       let body = try await reply.body.collect(upTo: 4 << 20)
///       return ClientReply(
///         status: Int(reply.status.code), fields: reply.headers.map { ($0.name, $0.value) },
///         body: Array(body.readableBytesView))
///     }
///     let tokens = try await client.logIn(user: "ann", password: password)
///
/// Each call sends one request and repeats nothing, except that a request with a proof is sent once more if the server
/// asks for a nonce (RFC 9449 §8): nothing was done then. A ``TokenSession`` repeats what was lost. It can be used from
/// any number of tasks. Printing it shows no secret.
public struct TokenServerClient: Sendable {
  /// Sends a request and returns the whole reply, of any status.
  ///
  /// The closure throws ``RequestNotSent`` if nothing has left this machine, and any other error, such as that of its
  /// own timeout, if the outcome is unknown. The text of its errors is shown, so it must hold no secret.
  public typealias Sender = @Sendable (ClientRequest) async throws -> ClientReply

  /// Makes the proof of the client's key for a request: the JWT for its header `DPoP`.
  ///
  /// The text of its errors is shown, so it must hold no secret.
  public typealias ProofMaker = @Sendable (ProofRequest) async throws -> String

  /// The client's id.
  public let id: String
  private let secret: String?
  private let pathPrefix: String
  private let send: Sender
  private let proof: ProofMaker?
  private let nonce = LastNonce()

  /// Creates a client, which sends nothing by itself.
  ///
  /// - Parameters:
  ///   - id: The client's id at the server.
  ///   - secret: The secret of a confidential client, which is sent with HTTP Basic; nil for a public client.
  ///   - pathPrefix: The server's `http.pathPrefix`.
  ///   - proof: Makes proofs of the client's key, to which its tokens are bound then; nil for bearer tokens.
  ///   - send: Sends a request to the server, and bounds the time that it takes and the size of the reply.
  public init(
    id: String, secret: String? = nil, pathPrefix: String = "", proof: ProofMaker? = nil, send: @escaping Sender
  ) {
    self.id = id
    self.secret = secret
    self.pathPrefix = pathPrefix
    self.send = send
    self.proof = proof
  }

  // MARK: - For the calls

  /// Posts a form, with the client's authentication.
  func post(
    _ path: String, _ form: [(name: String, value: String)], proven: Bool = false,
    losing consequence: LostReply.Consequence
  ) async throws(TokenClientError) -> ClientReply {
    let own = secret == nil ? [(name: "client_id", value: id)] : []
    return try await perform(
      "POST", path, type: "application/x-www-form-urlencoded", Array(RequestText.form(form + own).utf8),
      proven: proven, losing: consequence)
  }

  /// Sends a request without a body or with a JSON body, with the client's authentication.
  ///
  /// With `proven` a proof comes along with the request, if the client makes any.
  func perform(
    _ method: String, _ path: String, query: [(name: String, value: String)] = [], type: String = "application/json",
    _ body: [UInt8] = [], proven: Bool = false, losing consequence: LostReply.Consequence
  ) async throws(TokenClientError) -> ClientReply {
    var fields: [(name: String, value: String)] = [("Accept", "application/json")]
    if let secret { fields.append(("Authorization", RequestText.basic(id, secret))) }
    if !body.isEmpty { fields.append(("Content-Type", type)) }
    let target = pathPrefix + path + (query.isEmpty ? "" : "?\(RequestText.form(query))")
    let request = ClientRequest(method: method, path: target, fields: fields, body: body)
    guard proven, let proof else { return try await sent(request, losing: consequence) }
    let known = nonce.text
    do {
      return try await sent(request, with: proof, nonce: known, losing: consequence)
    } catch .refused(let refusal) where refusal.code == "use_dpop_nonce" && nonce.text != known {
      return try await sent(request, with: proof, nonce: nonce.text, losing: consequence)
    }
  }

  private func sent(
    _ request: ClientRequest, with proof: ProofMaker, nonce: String?, losing consequence: LostReply.Consequence
  ) async throws(TokenClientError) -> ClientReply {
    var request = request
    let path = String(request.path.prefix { $0 != "?" })
    do {
      let text = try await proof(ProofRequest(method: request.method, path: path, nonce: nonce))
      request.fields.append(("DPoP", text))
    } catch {
      throw .notSent("the proof of the key cannot be made: \(error)")
    }
    return try await sent(request, losing: consequence)
  }

  private func sent(
    _ request: ClientRequest, losing consequence: LostReply.Consequence
  ) async throws(TokenClientError) -> ClientReply {
    let reply: ClientReply
    do {
      reply = try await send(request)
    } catch let error as RequestNotSent {
      throw .notSent(error.reason)
    } catch {
      throw .unknownOutcome(LostReply(reason: "\(error)", consequence: consequence))
    }
    if proof != nil, let text = reply.field("dpop-nonce") { nonce.text = text }
    switch reply.status {
    case 200..<300: return reply
    // The server, or a proxy, did not wait for the rest of the request, or for its own connection.
    case 408, 425: throw .tryAgain(after: Self.wait(in: reply), status: reply.status)
    case 429, 503: throw .tryAgain(after: Self.wait(in: reply), status: reply.status)
    case 400..<500: throw .refused(Self.refusal(in: reply))
    default:
      throw .unknownOutcome(LostReply(reason: "the reply has status \(reply.status)", consequence: consequence))
    }
  }

  /// Decodes the body of a reply.
  ///
  /// A reply that cannot be read is as good as lost.
  func decoded<Value: Decodable>(
    _ reply: ClientReply, as type: Value.Type, losing consequence: LostReply.Consequence
  ) throws(TokenClientError) -> Value {
    do { return try JSONDecoder().decode(type, from: Data(reply.body)) } catch {
      throw .unknownOutcome(LostReply(reason: "the reply is not one of the token server", consequence: consequence))
    }
  }

  static func encoded(_ value: some Encodable) throws(TokenClientError) -> [UInt8] {
    do { return Array(try JSONEncoder().encode(value)) } catch { throw .notSent("the request cannot be written") }
  }

  /// The wait that a reply asks for: whole seconds (RFC 9110 §10.2.3), at most an hour; one second if it names
  /// none, or a date.
  private static func wait(in reply: ClientReply) -> Duration {
    let seconds = reply.field("retry-after").flatMap { Int64($0) } ?? 1
    return .seconds(min(max(0, seconds), 3600))
  }

  private struct Fault: Decodable {
    var code: String?
    var text: String?

    enum CodingKeys: String, CodingKey {
      case code = "error"
      case text = "error_description"
    }
  }

  private static func refusal(in reply: ClientReply) -> Refusal {
    let fault = try? JSONDecoder().decode(Fault.self, from: Data(reply.body))
    return Refusal(status: reply.status, code: fault?.code, text: fault?.text)
  }
}

extension TokenServerClient: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "TokenServerClient(id: \(id), secret redacted)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

/// The nonce that the server gave last, for all copies of a client.
private final class LastNonce: Sendable {
  private let state = Mutex<String?>(nil)

  var text: String? {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}
