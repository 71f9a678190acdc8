import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore

/// What came back, read as a JSON object.
struct Reply: Sendable {
  let status: Int
  let headers: HTTPFields
  let text: String

  init(_ response: TestResponse) {
    status = response.status.code
    headers = response.headers
    text = String(buffer: response.body)
  }

  var members: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
  }

  subscript(_ name: String) -> String? { members[name] as? String }

  func number(_ name: String) -> Int? { members[name] as? Int }
}

extension TestClientProtocol {
  func get(_ path: String, bearer: String? = nil) async throws -> Reply {
    var headers = HTTPFields()
    if let bearer { headers[.authorization] = "Bearer \(bearer)" }
    return try await send(.get, path, headers: headers)
  }

  /// Posts a form to `/token`, escaped as a browser would.
  func token(
    _ form: KeyValuePairs<String, String>, authorization: String? = nil, path: String = "/token"
  ) async throws -> Reply {
    let body = form.map { "\(escaped($0.key))=\(escaped($0.value))" }.joined(separator: "&")
    return try await post(body, authorization: authorization, path: path)
  }

  func post(
    _ body: String, type: String? = "application/x-www-form-urlencoded", authorization: String? = nil,
    path: String = "/token"
  ) async throws -> Reply {
    var headers = HTTPFields()
    headers[.contentType] = type
    headers[.authorization] = authorization
    return try await send(.post, path, headers: headers, body: ByteBuffer(string: body))
  }

  func send(
    _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], body: ByteBuffer? = nil
  ) async throws -> Reply {
    Reply(try await executeRequest(uri: path, method: method, headers: headers, body: body))
  }

  /// The grant `password` as the user and confidential client of ``ServerFixture``.
  func logIn(scope: String = "") async throws -> Reply {
    try await token([
      "grant_type": "password", "username": "ann", "password": ServerFixture.password, "scope": scope,
      "client_id": "web", "client_secret": ServerFixture.secret,
    ])
  }

  /// The grant `refresh_token` as that client.
  func refresh(_ token: String, scope: String = "") async throws -> Reply {
    try await self.token([
      "grant_type": "refresh_token", "refresh_token": token, "scope": scope,
      "client_id": "web", "client_secret": ServerFixture.secret,
    ])
  }

  private func escaped(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
  }
}

/// An `Authorization` header of HTTP Basic over these bytes.
func basic(_ bytes: some Sequence<UInt8>) -> String {
  "Basic \(Data(bytes).base64EncodedString())"
}
