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

  /// The parameters of the query, of those that the route has, each once and with a value. One that is misspelt or empty selects
  /// something else than the caller meant, and one that came twice could mean either.
  func query(of request: Request, _ names: [String]) throws(AdminFault) -> FormParameters {
    let query: FormParameters
    do { query = try FormParameters(query: request) } catch {
      switch error {
      case .duplicate: throw .malformed("A parameter came more than once")
      case .tooManyParameters: throw .malformed("The query has too many parameters")
      default: throw .malformed("The query is not well-formed in UTF-8")
      }
    }
    guard query.names.allSatisfy({ name in names.contains { $0.utf8.elementsEqual(name.utf8) } }) else {
      throw .malformed(
        names.isEmpty
          ? "This route has no parameters in the query"
          : "A parameter is unknown: this route has \(names.joined(separator: ", "))")
    }
    for name in query.names where query[named: name] == nil { throw .malformed("The parameter \(name) is empty") }
    return query
  }

  /// A parameter that is an id; nil where it is not there.
  func id(_ name: String, in query: FormParameters, bytesMax: Int) throws(AdminFault) -> String? {
    guard let text = query[named: name] else { return nil }
    do { try engine.check(name, text, bytesMax: bytesMax) } catch { throw AdminFault(error) }
    return text
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
