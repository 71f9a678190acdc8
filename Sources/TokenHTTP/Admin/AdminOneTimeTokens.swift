internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TokenEngine
internal import TokenLedger

/// The routes below `/admin/one-time-tokens`: issue and consume tokens that are good once, for one purpose.
struct AdminOneTimeTokens: Sendable {
  let gate: AdminGate

  private var engine: RotationEngine { gate.engine }

  private struct Issue: Decodable {
    var purpose: String
    var subject: String
    /// The text that is handed back at consumption.
    var payload: String?
    var lifetimeMilliseconds: Int64

    enum CodingKeys: String, CodingKey {
      case purpose, subject, payload
      case lifetimeMilliseconds = "ttl_ms"
    }
  }

  private struct Consumption: Decodable {
    var token: String
    var purpose: String
  }

  func issue(_ request: Request, logger: Logger) async throws -> Response {
    try await gate.respond(to: request, logger: logger) { _ in
      let issue = try await gate.body(of: request, as: Issue.self)
      let token = try await engine.issueOneTimeToken(
        purpose: issue.purpose, subject: NameForm.typed(issue.subject), payload: Array((issue.payload ?? "").utf8),
        lifetime: .milliseconds(issue.lifetimeMilliseconds))
      var body = JSONObjectWriter(capacity: 1024)
      body.add("token", token.text)
      body.add("id", token.id.text)
      body.add("expires_at_ms", token.expiresAt.milliseconds)
      return Response(status: .created, json: body)
    }
  }

  /// Answers 200 to one of any number of presentations, and `invalid_grant` to all others, whatever the reason.
  func consume(_ request: Request, logger: Logger) async throws -> Response {
    try await gate.respond(to: request, logger: logger) { _ in
      let consumption = try await gate.body(of: request, as: Consumption.self)
      switch try await engine.consumeOneTimeToken(consumption.token, purpose: consumption.purpose) {
      case .consumed(let subject, let payload):
        var body = JSONObjectWriter(capacity: payload.count + 256)
        body.add("subject", subject)
        body.add("payload", String(decoding: payload, as: UTF8.self))
        return Response(status: .ok, json: body)
      case .refused:
        throw OAuthError.refusedOneTimeToken
      }
    }
  }
}
