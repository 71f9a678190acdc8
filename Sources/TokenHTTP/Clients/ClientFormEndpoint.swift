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
    do {
      let form = try await request.form(bytesMax: bodyBytesMax)
      let client = try await authenticator.client(for: request.headers, form: form)
      return try await answer(form, client)
    } catch let fault as FormFault {
      return WireFormat.standard.reply(to: .form(fault), engine: engine, logger: logger)
    } catch let fault as TokenFault {
      return WireFormat.standard.reply(to: fault, engine: engine, logger: logger)
    }
  }
}
