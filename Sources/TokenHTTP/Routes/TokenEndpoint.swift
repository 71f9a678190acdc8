internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine
internal import TokenLedger

/// `POST /token`: reads the form, finds the client, asks the engine (RFC 6749 §3.2).
struct TokenEndpoint: Sendable {
  let authenticator: ClientAuthenticator
  let faults: FaultReplies
  let bodyBytesMax: Int
  let calls: GrantCalls
  let addressing: RequestAddressing
  /// The replies that ask for a nonce, or nil if none are asked for.
  let nonces: NonceReplies?

  /// The parameter that can name several resource servers (RFC 8707 §2); it is ignored.
  private static let repeatable = "resource"

  private var wire: any TokenWire { faults.wire }

  /// Answers a request, and throws only errors of the connection while the body is read.
  ///
  /// The request's logger is asked for only if the request gets no tokens, since making one costs more than most steps
  /// of a request. The address that the request comes from, for the bound of failed log-ins, is asked for only at a
  /// log-in.
  func respond(
    to request: Request, logger: @autoclosure () -> Logger, from address: @Sendable () -> PeerAddress?
  ) async throws -> Response {
    var response = try await answer(request, logger, address)
    nonces?.amend(&response)
    return response
  }

  private func answer(
    _ request: Request, _ logger: () -> Logger, _ address: @Sendable () -> PeerAddress?
  ) async throws -> Response {
    let proof = wire.takesProofs ? addressing.proof(of: request) : nil
    do {
      let form = try await request.form(
        bytesMax: bodyBytesMax, takesMultipart: wire.takesMultipart, mayRepeat: { $0 == Self.repeatable })
      let asked = try await wire.request(in: form, headers: request.headers, authenticator: authenticator)
      switch asked.grant {
      case .password: return try await logIn(form, asked, proof, from: address)
      case .refreshToken: return try await refresh(form, asked, proof)
      case .clientCredentials:
        return StandardWire().reply(
          to: try await calls.clientToken(for: asked.client, scope: asked.scope, proof: proof))
      }
    } catch {
      return try faults.reply(toThrown: error, logger: logger())
    }
  }

  private func refresh(
    _ form: FormParameters, _ asked: GrantRequest, _ proof: PresentedProof?
  ) async throws(TokenEndpointError) -> Response {
    guard let token = form[.refreshToken] else { throw .missing(.refreshToken) }
    return wire.reply(to: try await calls.refresh(token, client: asked.client, scope: asked.scope, proof: proof))
  }

  private func logIn(
    _ form: FormParameters, _ asked: GrantRequest, _ proof: PresentedProof?,
    from address: @Sendable () -> PeerAddress?
  ) async throws(TokenEndpointError) -> Response {
    let (name, password) = try form.credentials()
    return wire.reply(
      to: try await calls.logIn(
        name, password, client: asked.client, scope: asked.scope, ignoresCase: wire.ignoresCaseOfNames, proof: proof,
        from: address))
  }
}

extension FormParameters {
  /// The name, as people type it, and the password of a log-in.
  func credentials() throws(TokenEndpointError) -> (name: String, password: String) {
    guard let name = self[.username].map(NameForm.typed) else { throw .missing(.username) }
    guard let password = self[.password] else { throw .missing(.password) }
    return (name, password)
  }
}
