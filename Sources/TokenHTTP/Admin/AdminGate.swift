internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import TokenEngine

/// What every admin route has in common: who may use it, how a body is read, how a fault is told.
struct AdminGate: Sendable {
  let engine: RotationEngine
  let authenticator: ClientAuthenticator
  let bodyBytesMax: Int

  /// Answers with `body`, for an admin client that authenticated itself with HTTP Basic.
  func respond(
    to request: Request, logger: Logger, _ body: (Client) async throws -> Response
  ) async throws -> Response {
    do {
      return try await body(try await admin(request.headers))
    } catch let fault as AdminFault {
      return reply(to: fault, logger: logger)
    } catch let failure as EngineFailure {
      return reply(to: AdminFault(failure), logger: logger)
    }
  }

  private func reply(to fault: AdminFault, logger: Logger) -> Response {
    guard case .token(let fault) = fault else { return fault.response }
    return WireFormat.standard.reply(to: fault, engine: engine, logger: logger)
  }

  private func admin(_ headers: HTTPFields) async throws -> Client {
    let client: Client
    do {
      client = try await authenticator.client(for: headers, form: FormParameters())
    } catch {
      throw AdminFault.token(error)
    }
    guard client.isAdmin else { throw AdminFault.forbidden }
    return client
  }

  /// A parameter of the query, nil where it is not there. One that came twice could mean either.
  func parameter(_ name: String, of request: Request) throws -> String? {
    let values = request.uri.queryParameters.getAll(name)
    guard values.count <= 1 else { throw AdminFault.malformed("A parameter came more than once") }
    return values.first
  }

  /// The body as a JSON object; members that the type does not have are ignored.
  func body<Body: Decodable>(of request: Request, as type: Body.Type) async throws -> Body {
    let mediaType = request.headers[.contentType]?.split(separator: ";").first?.lowercased()
    guard mediaType == "application/json" else { throw AdminFault.mediaType }
    guard let bytes = try await request.body(bytesMax: bodyBytesMax) else { throw AdminFault.tooLarge }
    guard StrictJSON.isObject(Array(bytes.readableBytesView)) else {
      throw AdminFault.malformed("The body is not a JSON object in which each member stands once")
    }
    do {
      return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
    } catch DecodingError.keyNotFound(let key, _) {
      throw AdminFault.malformed("The member \(key.stringValue) is missing")
    } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
      throw AdminFault.malformed("The member \(Self.path(context)) has a value of another type than it must have")
    } catch DecodingError.valueNotFound(_, let context) {
      throw AdminFault.malformed("The member \(Self.path(context)) must not be null")
    } catch {
      throw AdminFault.malformed("The body is not a JSON object")
    }
  }

  /// Of members that we name ourselves.
  private static func path(_ context: DecodingError.Context) -> String {
    context.codingPath.map(\.stringValue).joined(separator: ".")
  }
}
