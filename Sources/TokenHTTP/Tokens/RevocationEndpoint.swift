internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine

/// `POST /revoke` (RFC 7009): 200 once the token is revoked durably, and for every token that is not the client's to revoke.
///
/// A refresh token ends its session. An access token ends alone, or with its session where the form says `end_session=true`.
struct RevocationEndpoint: Sendable {
  let endpoint: ClientFormEndpoint

  private var engine: RotationEngine { endpoint.engine }

  func respond(to request: Request, logger: Logger) async throws -> Response {
    try await endpoint.respond(to: request, logger: logger) { form, client throws(TokenFault) in
      guard let token = form[.token] else { throw .missing(.token) }
      do throws(EngineFailure) {
        _ = try await engine.revoke(token: token, client: client, endsSession: form[.endSession] == "true")
      } catch {
        throw .failed(error)
      }
      return Response(status: .ok, json: JSONObjectWriter())
    }
  }
}
