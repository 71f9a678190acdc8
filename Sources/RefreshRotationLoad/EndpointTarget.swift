public import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

/// A token endpoint over HTTP, ours or another product's (RFC 6749 §4.3 to open, §6 to rotate).
public struct EndpointTarget: RotationTarget {
  private let client: HTTPClient
  private let url: String
  private let credentials: Credentials

  /// Who logs in; the client's id and secret go into the body, and are left out where nil.
  public struct Credentials: Sendable {
    public var user: String
    public var password: String
    public var clientID: String?
    public var clientSecret: String?

    public init(user: String, password: String, clientID: String?, clientSecret: String?) {
      self.user = user
      self.password = password
      self.clientID = clientID
      self.clientSecret = clientSecret
    }
  }

  private struct TokenReply: Decodable {
    var refreshToken: String

    enum CodingKeys: String, CodingKey {
      case refreshToken = "refresh_token"
    }
  }

  private static let replyBytesMax = 64 << 10

  /// `url` is the whole address of the token endpoint.
  public init(url: String, credentials: Credentials, client: HTTPClient) {
    self.url = url
    self.credentials = credentials
    self.client = client
  }

  public var name: String { url }

  public func open() async throws(TargetFailure) -> String {
    let form = [("grant_type", "password"), ("username", credentials.user), ("password", credentials.password)]
    switch try await post(form) {
    case .granted(let token): return token
    case .refused:
      throw .failed("\(url) refused the log-in of \(credentials.user); check --user, --password and --client-id")
    }
  }

  public func rotate(_ refreshToken: String) async throws(TargetFailure) -> RotationReply {
    try await post([("grant_type", "refresh_token"), ("refresh_token", refreshToken)])
  }

  private func post(_ form: [(String, String)]) async throws(TargetFailure) -> RotationReply {
    var form = form
    if let clientID = credentials.clientID { form.append(("client_id", clientID)) }
    if let clientSecret = credentials.clientSecret { form.append(("client_secret", clientSecret)) }
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
    request.body = .bytes(
      ByteBuffer(string: form.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")))
    do {
      let response = try await client.execute(request, timeout: .seconds(30))
      let body = try await response.body.collect(upTo: Self.replyBytesMax)
      switch response.status.code {
      case 200:
        return .granted(try JSONDecoder().decode(TokenReply.self, from: Data(body.readableBytesView)).refreshToken)
      case 400, 401, 403: return .refused
      case 429, 503: throw TargetFailure.overloaded
      default: throw TargetFailure.failed("\(url) answered \(response.status.code); is it a token endpoint?")
      }
    } catch let failure as TargetFailure {
      throw failure
    } catch is DecodingError {
      throw .failed("\(url) answered 200 without a refresh_token; is it a token endpoint?")
    } catch {
      throw .failed("\(url) did not answer: \(error)")
    }
  }
}
