internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import TokenEngine

/// The rules that all admin routes share: who may use them, how a body is read, how an error is answered.
struct AdminGate: Sendable {
  let authenticator: ClientAuthenticator
  let faults: FaultReplies
  let bodyBytesMax: Int

  var engine: RotationEngine { faults.engine }

  /// The permission that a client needs.
  enum Permission {
    case admin
    /// To ask about tokens, and thus to hear what is revoked.
    case introspection
  }

  /// Answers with `body` to a client with the permission that authenticated with HTTP Basic.
  func respond(
    to request: Request, needing permission: Permission = .admin, logger: Logger,
    _ body: (Client) async throws -> Response
  ) async throws -> Response {
    do {
      return try await body(try await client(request.headers, permission))
    } catch let error as OAuthError {
      return Response(error)
    } catch EngineError.invalid(let field, let limit) {
      return Response(.outsideLimit(field: field, limit: limit))
    } catch {
      return try faults.reply(toThrown: error, logger: logger)
    }
  }

  private func client(_ headers: HTTPFields, _ permission: Permission) async throws -> Client {
    let client = try await authenticator.client(for: headers, form: FormParameters())
    switch permission {
    case .admin: guard client.isAdmin else { throw OAuthError.notAdmin }
    case .introspection: guard client.mayIntrospect else { throw OAuthError.notIntrospector }
    }
    return client
  }

  /// A parameter that is an id; nil if it did not come.
  func id(_ name: String, in query: FormParameters, limit: Limit<Int>) throws(EngineError) -> String? {
    guard let text = query[named: name] else { return nil }
    try limit.checkID(name, text)
    return text
  }

  /// The body as a JSON object; members that the type does not have are ignored.
  func body<Body: Decodable>(of request: Request, as type: Body.Type) async throws -> Body {
    let mediaType = request.headers[.contentType]?.split(separator: ";").first?.lowercased()
    guard mediaType == "application/json" else { throw OAuthError.notJSON }
    guard let bytes = try await request.body(bytesMax: bodyBytesMax) else { throw OAuthError.bodyTooLarge }
    guard JSONCheck.isObject(Array(bytes.readableBytesView)) else {
      throw OAuthError.repeatedMember
    }
    do {
      return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
    } catch DecodingError.keyNotFound(let key, _) {
      throw OAuthError.missing(member: key.stringValue)
    } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
      throw OAuthError.wrongType(member: Self.path(context))
    } catch DecodingError.valueNotFound(_, let context) {
      throw OAuthError.null(member: Self.path(context))
    } catch {
      throw OAuthError.notObject
    }
  }

  /// The path of a member, made of names of ours.
  private static func path(_ context: DecodingError.Context) -> String {
    context.codingPath.map(\.stringValue).joined(separator: ".")
  }
}
