import HTTPTypes
import HummingbirdTesting
import NIOCore
import Synchronization
import TokenEngine
import TokenTesting

@testable import TokenHTTP

/// A client's key over the server of a fixture, which makes each proof with an identifier of its own.
final class ProofMaker: Sendable {
  static let base = "http://localhost"

  let key: DPoPKey
  private let fixture: ServerFixture
  private let made = Atomic(0)

  init(_ fixture: ServerFixture, key: DPoPKey = DPoPKey()) {
    self.fixture = fixture
    self.key = key
  }

  /// A right proof for the path, at the time of the fixture.
  func proof(
    _ method: String = "POST", _ path: String = "/token", base: String = ProofMaker.base, accessToken: String? = nil,
    nonce: String? = nil, secondsAgo: Int64 = 0
  ) -> String {
    let number = made.add(1, ordering: .relaxed).newValue
    return key.proof(
      method: method, uri: base + path, identifier: "\(key.thumbprint)-\(number)",
      issuedAt: fixture.clock.now.seconds - secondsAgo, accessToken: accessToken, nonce: nonce)
  }
}

extension HTTPFields {
  /// The header field `DPoP` for each of the proofs, and an authorization.
  init(proofs: [String], authorization: String? = nil) {
    self.init()
    self[.authorization] = authorization
    if let name = HTTPField.Name.dpop { for proof in proofs { append(HTTPField(name: name, value: proof)) } }
  }

  var nonce: String? { HTTPField.Name.dpopNonce.flatMap { self[$0] } }
}

extension TestClientProtocol {
  /// The grant `password` as the public client, with proofs.
  func logIn(proofs: [String], client: String = "app", path: String = "/token") async throws -> Reply {
    try await grant(
      "grant_type=password&username=ann&password=correct%20horse&client_id=\(client)", proofs: proofs, path: path)
  }

  /// The grant `refresh_token` as the public client, with proofs.
  func refresh(_ token: String?, proofs: [String], client: String = "app") async throws -> Reply {
    try await grant("grant_type=refresh_token&refresh_token=\(token ?? "")&client_id=\(client)", proofs: proofs)
  }

  func grant(
    _ form: String, proofs: [String], authorization: String? = nil, headers more: HTTPFields = [:],
    path: String = "/token"
  ) async throws -> Reply {
    var headers = HTTPFields(proofs: proofs, authorization: authorization)
    headers.append(contentsOf: more)
    headers[.contentType] = "application/x-www-form-urlencoded"
    return try await send(.post, path, headers: headers, body: ByteBuffer(string: form))
  }

  func get(_ path: String, dpop token: String, proofs: [String], headers more: HTTPFields = [:]) async throws -> Reply {
    var headers = HTTPFields(proofs: proofs, authorization: "DPoP \(token)")
    headers.append(contentsOf: more)
    return try await send(.get, path, headers: headers)
  }
}
