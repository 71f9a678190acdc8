internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// The header `DPoP-Nonce`, by which a server that asks for nonces gives out the next one (RFC 9449 §8 and §8.2).
struct NonceReplies: Sendable {
  private let engine: RotationEngine

  /// Returns nil if the engine asks for no nonces.
  init?(engine: RotationEngine) {
    guard engine.options.dpop.usesNonces else { return nil }
    self.engine = engine
  }

  /// Adds a nonce to the reply of a route that grants tokens: the client needs one for its next request.
  func amend(_ response: inout Response) {
    guard let name = HTTPField.Name.dpopNonce else { return }
    response.headers[name] = engine.dpopNonce()
    // A cache would give out nonces that are no longer good (RFC 9449 §8.2).
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
  }

  /// Adds a nonce to the reply of a protected route, if the client has sent a proof or is asked for one.
  func amend(_ response: inout Response, to request: Request) {
    let sentProof = HTTPField.Name.dpop.map { request.headers.contains($0) } ?? false
    if sentProof || response.status == .unauthorized { amend(&response) }
  }
}
