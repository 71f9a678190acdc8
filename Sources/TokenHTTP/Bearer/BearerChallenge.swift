internal import HTTPTypes
public import Hummingbird
internal import NIOCore
public import TokenEngine

/// The reasons why a request's access token is not good enough (RFC 6750 §3.1).
@nonexhaustive
public enum BearerError: Error, Sendable, Hashable {
  /// The request brought no bearer: the client has done nothing wrong.
  case missing
  case rejected(BadToken)
  /// The token is good and bound to a key, and its proof is missing or refused (RFC 9449 §7.1).
  case unproven(BadProof)
  /// The token is good but lacks some of these scopes.
  case insufficientScope(Scopes)
}

extension BearerState {
  /// Returns the verified token if it has all of these scopes.
  func required(scopes: Scopes? = nil) throws(BearerError) -> AccessToken {
    switch self {
    case .anonymous: throw .missing
    case .rejected(let fault): throw .rejected(fault)
    case .unproven(let bad): throw .unproven(bad)
    case .authenticated(let token):
      if let scopes, !scopes.isSubset(of: token.scopes) { throw .insufficientScope(scopes) }
      return token
    }
  }
}

/// The way in which a request without a good enough access token is refused (RFC 6750 §3): 401 or 403 with
/// `WWW-Authenticate`; 503 with `Retry-After` if no access token can be judged now.
///
/// Every text is from a fixed set.
///
/// A request is challenged for the scheme that it came with. One without a token is told of `Bearer` and of `DPoP`,
/// with the algorithms of proofs (RFC 9449 §7.1 and §7.2), as far as ``proofs`` lets both be.
public struct BearerChallenge: Sendable {
  /// The body of a refusal.
  public struct Body: Sendable, Hashable {
    public var text: String
    /// The media type of the body.
    public var type: String

    public init(_ text: String, type: String = "application/json") {
      self.text = text
      self.type = type
    }
  }

  /// The realm of every challenge; nil for `refresh-ledger`, which is named only if no bearer came.
  public let realm: String?
  /// Writes the body; nil for JSON with the `error` and `error_description` of RFC 6749 §5.2.
  public let body: (@Sendable (BearerError) -> Body)?

  /// The engine's policy for proofs of keys: without a token clients are told of both schemes if it is `optional`, of
  /// `Bearer` alone if it is `off`, and of `DPoP` alone if it is `required`.
  ///
  /// ``TokenRoutes`` sets it to that of its engine.
  public var proofs = DPoPOptions.Mode.optional

  static let realmStandard = "refresh-ledger"

  /// Makes a challenge.
  ///
  /// - Parameters:
  ///   - realm: Visible ASCII and spaces; nil for the standard realm.
  ///   - body: Writes the body; nil for the standard JSON.
  public init(realm: String? = nil, body: (@Sendable (BearerError) -> Body)? = nil) {
    precondition(realm?.utf8.allSatisfy { (0x20...0x7E).contains($0) } ?? true, "not the text of a realm")
    self.realm = realm
    self.body = body
  }

  /// Returns the reply to a request that came with the scheme `Bearer` or with none.
  public func response(to fault: BearerError) -> Response {
    response(to: fault, isProven: false)
  }

  /// Returns the reply to a request that is refused, in the scheme that it came with.
  public func response(to fault: BearerError, for request: Request) -> Response {
    let scheme = request.headers[.authorization]?.prefix { $0 != " " }.lowercased()
    return response(to: fault, isProven: scheme == "dpop")
  }

  /// Returns the reply to a request whose token came with the scheme `DPoP` if `isProven` is true.
  private func response(to fault: BearerError, isProven: Bool) -> Response {
    var response: Response
    if let body = body?(fault) {
      response = Response(status: fault.error.status, body: ResponseBody(byteBuffer: ByteBuffer(string: body.text)))
      response.headers[.contentType] = body.type
      response.headers[.cacheControl] = "no-store"
      response.headers[.xContentTypeOptions] = "nosniff"
    } else {
      response = Response(fault.error)
    }
    if fault == .rejected(.unverifiable) {
      // Another token would fare no better.
      response.headers[.retryAfter] = RetryAfter.soon
    } else {
      response.headers[.wwwAuthenticate] = challenges(of: fault, isProven: isProven)
    }
    return response
  }

  /// One or two challenges in one field: proxies of some ages pass on only the first of two fields.
  private func challenges(of fault: BearerError, isProven: Bool) -> String {
    let algorithms = "algs=\"\(DPoPOptions.algorithms.map(\.rawValue).joined(separator: " "))\""
    let parameters = parameters(of: fault)
    let (bearer, proven) = (
      "Bearer \(parameters.joined(separator: ", "))", "DPoP \((parameters + [algorithms]).joined(separator: ", "))"
    )
    switch fault {
    case .missing where proofs == .off: return bearer
    case .missing where proofs == .required: return proven
    case .missing: return "\(bearer), \(proven)"
    case .rejected(.boundToKey): return "\(bearer), DPoP \(algorithms)"
    case .rejected(.notBound): return bearer
    case .unproven: return proven
    default: return isProven ? proven : bearer
    }
  }

  private func parameters(of fault: BearerError) -> [String] {
    var parameters: [String] = []
    if let realm = realm ?? (fault == .missing ? Self.realmStandard : nil) {
      let quoted = realm.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      parameters.append("realm=\"\(quoted)\"")
    }
    if let code = fault.error.code {
      parameters += ["error=\"\(code.rawValue)\"", "error_description=\"\(fault.error.description)\""]
    }
    // Scopes hold only scope characters.
    if case .insufficientScope(let scopes) = fault { parameters.append("scope=\"\(scopes.text)\"") }
    return parameters
  }
}

extension BearerError {
  /// The error of the reply: without a code if the client has done nothing wrong (RFC 6750 §3.1).
  var error: OAuthError {
    switch self {
    case .missing: .noBearer
    case .rejected(.expired): .expiredBearer
    case .rejected(.revoked): .revokedBearer
    case .rejected(.unverifiable): .unavailable
    case .rejected(.boundToKey): .boundToken
    case .rejected(.notBound): .tokenNotBound
    case .unproven(let bad) where bad.fault == .otherKey: .tokenOfOtherKey
    case .unproven(let bad): .badProof(bad, .unauthorized)
    case .rejected: .badBearer
    case .insufficientScope: .insufficientScope
    }
  }
}
