internal import HTTPTypes
public import Hummingbird
internal import Logging
public import TokenEngine
internal import TokenObservability

/// Verifies the bearer of a request and records what it is.
///
/// The layer refuses nothing, so a public route behind it works with an expired, malformed or foreign bearer too;
/// ``RequireScope`` refuses.
///
/// Only the header `Authorization` is read (RFC 6750 §2.1). Two of them are one malformed bearer: it cannot be known
/// which one a proxy in front has looked at. Costs one signature check if a bearer came, nothing otherwise; a bearer
/// whose key this instance does not know yet waits for a reading of the keys
/// (``RotationEngine/verifyReadingKeys(authorization:proof:)``).
///
/// A token that is bound to a key is accepted with the scheme `DPoP` and a proof of the key for this request (RFC 9449
/// §7.1), which counts once in this process; ``RequestAddressing`` says which URI the proof has to name. A reason for
/// which a proof was refused is a line of the request's log. Where the engine asks for nonces, replies to those who
/// send proofs, and refusals, have the header `DPoP-Nonce`.
///
/// In a process without the engine an `AccessTokenVerifier` of the product TokenVerification takes its place:
///
///     BearerAuthenticator(verifier: AccessTokenVerifier(keys: keys, issuer: "https://login.example"))
public struct BearerAuthenticator<Context: AuthenticatedContext>: RouterMiddleware {
  private let verifier: any BearerVerifier
  private let addressing: RequestAddressing
  private let isForwarded: Bool
  private let metrics: GrantMetrics?
  private let nonces: NonceReplies?

  /// Makes an authenticator for a server whose clients reach it without TLS and without a proxy.
  public init(engine: RotationEngine) {
    self.init(engine: engine, addressing: RequestAddressing())
  }

  /// Makes an authenticator that asks an engine of this process.
  ///
  /// - Parameters:
  ///   - engine: The engine that has issued the tokens.
  ///   - addressing: The rule of how clients have addressed a request, for proofs of keys.
  public init(engine: RotationEngine, addressing: RequestAddressing) {
    self.init(engine: engine, addressing: addressing, isForwarded: false, metrics: nil)
  }

  /// Makes an authenticator that asks a verifier, and adds no `DPoP-Nonce` to replies.
  ///
  /// - Parameters:
  ///   - verifier: The judge of bearers, such as an `AccessTokenVerifier`.
  ///   - addressing: The rule of how clients have addressed a request, for proofs of keys.
  public init(verifier: any BearerVerifier, addressing: RequestAddressing = RequestAddressing()) {
    self.verifier = verifier
    self.addressing = addressing
    (isForwarded, metrics, nonces) = (false, nil, nil)
  }

  /// Makes an authenticator that counts the proofs that are refused.
  ///
  /// With `isForwarded` a proxy asks about the request that its headers name.
  init(engine: RotationEngine, addressing: RequestAddressing, isForwarded: Bool, metrics: GrantMetrics?) {
    verifier = engine
    self.addressing = addressing
    self.isForwarded = isForwarded
    self.metrics = metrics
    nonces = NonceReplies(engine: engine)
  }

  @concurrent
  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var context = context
    context.bearer = await state(for: request)
    if case .unproven(let bad) = context.bearer {
      metrics?.note(bad.fault)
      context.logger.notice("proof of a key refused", metadata: ["reason": .string(bad.fault.rawValue)])
    }
    guard let nonces else { return try await next(request, context) }
    var response: Response
    do {
      response = try await next(request, context)
    } catch let refusal as any HTTPResponseError where refusal.status == .unauthorized {
      response = try refusal.response(from: request, context: context)
    }
    nonces.amend(&response, to: request)
    return response
  }

  private func state(for request: Request) async -> BearerState {
    let proof = isForwarded ? addressing.forwardedProof(of: request) : addressing.proof(of: request)
    do {
      let bearer = PresentedBearer(authorization: request.headers[values: .authorization], proof: proof)
      return .authenticated(try await verifier.verify(bearer))
    } catch {
      return switch error {
      case .absent: .anonymous
      case .malformed: .rejected(.malformed)
      case .badToken(let fault): .rejected(fault)
      case .badProof(let bad): .unproven(bad)
      }
    }
  }
}
