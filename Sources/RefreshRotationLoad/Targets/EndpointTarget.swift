public import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

/// A token endpoint over HTTP, ours or another product's (RFC 6749 §4.3 to open, §6 to rotate).
public struct EndpointTarget: RotationTarget {
  private let client: HTTPClient
  private let endpoint: Endpoint
  private let headers: HTTPHeaders
  private let clientForm: String
  private let nonce = NewestNonce()

  private static let replyBytesMax = 64 << 10

  public init(_ endpoint: Endpoint, client: HTTPClient) {
    self.endpoint = endpoint
    self.client = client
    clientForm = endpoint.clientForm
    var headers: HTTPHeaders = [
      "content-type": "application/x-www-form-urlencoded", "accept": "application/json",
      "user-agent": "refresh-ledger-load",
    ]
    if let credentials = endpoint.basicCredentials {
      headers.add(name: "authorization", value: "Basic \(Data(credentials.utf8).base64EncodedString())")
    }
    self.headers = headers
  }

  public var name: String { endpoint.url }

  public func open() async throws(TargetError) -> IssuedToken {
    let key = endpoint.provesKeys ? SessionKey() : nil
    let answer = try await post(endpoint.loginForm + clientForm, key)
    let url = endpoint.url
    switch (answer.status, answer.reply?.token, answer.reply?.error) {
    // A new session may be reported as created: 201.
    case (200...299, let token?, _):
      guard key == nil || answer.reply?.isBound == true else {
        throw .login(
          "\(url) grants tokens of the type Bearer to a proof of a key; leave --dpop out, or switch DPoP on there")
      }
      return issued(token, answer, key)
    case (200, nil, _) where answer.reply != nil:
      throw .login("\(url) issues no refresh token here; allow it for the client, or ask with --scope (offline_access)")
    case (400...403, _, "unsupported_grant_type"?), (400...403, _, "unauthorized_client"?):
      throw .login("\(url) does not take user and password from this client; allow it, or give --tokens FILE")
    case (400...403, _, "invalid_client"?):
      throw .login(
        "\(url) does not know the client or its secret; check --client-id, --client-secret and --client-basic")
    case (400...401, _, "invalid_dpop_proof"?), (400...401, _, "use_dpop_nonce"?):
      throw .login(
        key == nil
          ? "\(url) asks for a proof of a key; give --dpop"
          : "\(url) refuses the proof of a key; are --url and --token-path the address that the server knows itself by, and this clock right?"
      )
    case (400, _, "invalid_scope"?): throw .login("\(url) does not grant this scope; check --scope")
    case (400, _, "invalid_request"?):
      throw .login("\(url) finds the request incomplete; does it need --client-id?")
    case (400...403, _, _) where answer.reply != nil:
      throw .login("\(url) refused the log-in of \(endpoint.user); check user, password and --client-id")
    default: throw notAnEndpoint(answer)
    }
  }

  public func rotate(_ token: IssuedToken) async throws(TargetError) -> RotationReply {
    let form = "grant_type=refresh_token&refresh_token=\(PercentEncoding.encode(token.text))\(clientForm)"
    return try reply(to: token, await post(form, token.key))
  }

  public func rotateAndHangUp(_ token: IssuedToken, after patience: Duration) async -> RotationReply? {
    await withTaskGroup(of: RotationReply?.self) { group in
      group.addTask { try? await rotate(token) }
      group.addTask {
        try? await Task.sleep(for: patience, tolerance: .zero)
        return nil
      }
      let first = await group.next() ?? nil
      // This closes the connection if the request is still on its way.
      group.cancelAll()
      return first
    }
  }

  private struct Answer {
    var status: Int
    var reply: EndpointReply?
  }

  private func issued(_ token: String, _ answer: Answer, _ key: SessionKey?) -> IssuedToken {
    IssuedToken(token, lifetime: answer.reply?.lifetime.map { .seconds($0) }, key: key)
  }

  private func reply(to presented: IssuedToken, _ answer: Answer) throws(TargetError) -> RotationReply {
    switch (answer.status, answer.reply) {
    case (201...299, let reply?) where reply.token != nil:
      return .granted(issued(reply.token ?? presented.text, answer, presented.key))
    case (200, let reply?):
      // Without a new token the old one stays in use (RFC 6749 §6), so that nothing was rotated.
      return .granted(issued(reply.token ?? presented.text, answer, presented.key))
    case (400...403, let reply?):
      guard let error = reply.error, error != "invalid_grant" else { return .refused }
      // Only a code as in RFC 6749 is shown, and nothing that a server may have copied from the request.
      let isCode = error.count <= 40 && error.allSatisfy { $0.isASCII && $0.isLowercase || $0 == "_" }
      throw .reply("\(endpoint.url) answered \(isCode ? error : "\(answer.status)") to a refresh token")
    default: throw notAnEndpoint(answer)
    }
  }

  private func notAnEndpoint(_ answer: Answer) -> TargetError {
    let said = answer.reply == nil && answer.status == 200 ? "200 and no JSON" : "\(answer.status)"
    return .reply("\(endpoint.url) answered \(said), not as a token endpoint does; check --url and --token-path")
  }

  /// Sends a form, with a proof if there is a key.
  ///
  /// If the server asks for its nonce, the form is sent once more with that (RFC 9449 §8).
  private func post(_ form: String, _ key: SessionKey?) async throws(TargetError) -> Answer {
    guard let key else { return try await post(form, proof: nil) }
    let answer = try await post(form, proof: proof(key))
    guard answer.reply?.error == "use_dpop_nonce" else { return answer }
    return try await post(form, proof: proof(key))
  }

  private func proof(_ key: SessionKey) -> String {
    key.proof(url: endpoint.url, issuedAt: Int64(Date.now.timeIntervalSince1970), nonce: nonce.value)
  }

  private func post(_ form: String, proof: String?) async throws(TargetError) -> Answer {
    var request = HTTPClientRequest(url: endpoint.url)
    request.method = .POST
    request.headers = headers
    if let proof { request.headers.add(name: "dpop", value: proof) }
    request.body = .bytes(ByteBuffer(string: form))
    do {
      let patience = TimeAmount.nanoseconds(endpoint.patience.wholeNanoseconds)
      let response = try await client.execute(request, timeout: patience)
      let body = try await response.body.collect(upTo: Self.replyBytesMax)
      if proof != nil, let text = response.headers.first(name: "dpop-nonce") { nonce.note(text) }
      let date = response.headers.first(name: "date")
      let now = Int64(Date.now.timeIntervalSince1970)
      let retryAfter = response.headers.first(name: "retry-after").flatMap {
        RetryAfter.duration($0, date: date, nowSeconds: now)
      }
      switch response.status.code {
      case 503: throw TargetError.overloaded(retryAfter: retryAfter)
      case 429: throw TargetError.throttled(retryAfter: retryAfter)
      case let status:
        return Answer(status: Int(status), reply: EndpointReply(Data(body.readableBytesView), of: endpoint))
      }
    } catch let failure as TargetError {
      throw failure
    } catch is NIOTooManyBytesError {
      throw .reply("\(endpoint.url) answered more than \(Self.replyBytesMax >> 10) KiB; is it a token endpoint?")
    } catch {
      throw ConnectionErrorWords.failure(error, at: endpoint.url)
    }
  }
}

/// The contents of a token endpoint's reply (RFC 6749 §5).
struct EndpointReply {
  /// The refresh token, or nil if there is none.
  private(set) var token: String?
  /// The lifetime in seconds.
  private(set) var lifetime: Int64?
  /// The error code, or nil if the body has none.
  private(set) var error: String?
  /// True if the access token is of the type `DPoP`.
  private(set) var isBound = false

  /// Parses a body, or returns nil unless it is a JSON object.
  init?(_ body: Data, of endpoint: Endpoint) {
    guard let members = try? JSONDecoder().decode([String: Member].self, from: body) else { return nil }
    token = members[endpoint.tokenField]?.text
    lifetime = members[endpoint.expiryField]?.number
    error = members["error"]?.text
    isBound = members["token_type"]?.text?.lowercased() == "dpop"
  }

  /// A member of any type, of which only texts and whole numbers are kept.
  private struct Member: Decodable {
    var text: String?
    var number: Int64?

    init(from decoder: any Decoder) throws {
      guard let container = try? decoder.singleValueContainer() else { return }
      if let text = try? container.decode(String.self) {
        self.text = text
        number = Int64(text)
      } else if let number = try? container.decode(Int64.self) {
        self.number = number
      } else if let number = try? container.decode(Double.self) {
        self.number = Int64(exactly: number.rounded(.down))
      }
    }
  }
}
