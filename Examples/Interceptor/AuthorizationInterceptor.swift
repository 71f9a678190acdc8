import TokenEngine

// docs:interceptor
/// Who calls, for as long as the call lasts.
enum Caller {
  @TaskLocal static var current: AccessToken?
}

/// Lets a call pass only with a good access token in its metadata: the shape of a gRPC server interceptor.
struct AuthorizationInterceptor: Sendable {
  var engine: RotationEngine
  var scope: String

  func intercept<Reply>(
    metadata: [String: String], next: () async throws -> Reply
  ) async throws -> Reply {
    guard let header = metadata["authorization"], header.lowercased().hasPrefix("bearer ") else {
      throw CallRefusal.unauthenticated("no bearer token")
    }
    let caller: AccessToken
    do {
      caller = try engine.verify(String(header.dropFirst(7)))
    } catch {
      throw CallRefusal.unauthenticated(error.rawValue)
    }
    guard caller.scopes.contains(scope) else { throw CallRefusal.permissionDenied("scope \(scope) is missing") }
    return try await Caller.$current.withValue(caller) { try await next() }
  }
}
// docs:end

/// The two codes of gRPC that authorization can answer.
enum CallRefusal: Error, Equatable {
  case unauthenticated(String)
  case permissionDenied(String)
}
