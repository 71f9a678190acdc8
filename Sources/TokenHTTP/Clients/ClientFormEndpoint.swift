internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine

/// A route that takes a form from an authenticated client, as revocation and introspection do. Its faults are those of the token
/// endpoint in the standard's words.
struct ClientFormEndpoint: Sendable {
  let engine: RotationEngine
  let authenticator: ClientAuthenticator
  let bodyBytesMax: Int

  /// Throws only what the connection throws while the body is read.
  func respond(
    to request: Request, logger: Logger,
    _ answer: (FormParameters, Client) async throws(TokenFault) -> Response
  ) async throws -> Response {
    try await WireFormat.standard.answer(engine: engine, logger: logger) {
      let form = try await request.form(bytesMax: bodyBytesMax)
      return try await answer(form, try await authenticator.client(for: request.headers, form: form))
    }
  }
}
