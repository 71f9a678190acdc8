internal import HTTPTypes
internal import Hummingbird
internal import TokenEngine

/// `GET /health/ready`: tells a balancer whether to send requests to this instance.
///
/// An instance whose ledger is its own is ready while it accepts changes. One that shares its ledger with others stays
/// ready while the ledger is away, with `"writes": false`: it verifies tokens and publishes keys, and no other instance
/// could do more. With `?writes=true` it is ready only while it accepts changes. One that refuses access tokens, since
/// it has not heard for too long what others revoke, is not ready: the others can have heard.
enum Readiness {
  private static let parameter = "writes"

  static func respond(to request: Request, engine: RotationEngine) -> Response {
    let asksForWrites: Bool
    do { asksForWrites = try self.asksForWrites(request) } catch { return Response(error) }
    let health = engine.health
    let isReady = health.isServing && (health.acceptsChanges || !asksForWrites)
    var body = JSONObjectWriter()
    body.add("status", isReady ? "ready" : "unavailable")
    if let feedAge = health.feedAge {
      body.add("ledger", word(for: health.state))
      body.add("writes", health.acceptsChanges)
      body.add("verifies", !health.refusesAccess)
      if case .unavailable(let since) = health.state {
        body.add("unavailable_seconds", seconds: .milliseconds(engine.time.millisecondsSince(since)))
      }
      body.add("feed_age_seconds", seconds: feedAge)
      body.add("feed_stale", health.isFeedStale)
    }
    return Response(status: isReady ? .ok : .serviceUnavailable, json: body)
  }

  private static func asksForWrites(_ request: Request) throws(OAuthError) -> Bool {
    switch try FormParameters(query: request, known: [parameter])[named: parameter] {
    case "true": true
    case "false", nil: false
    default: throw .outsideLimit(field: parameter, limit: "true or false")
    }
  }

  private static func word(for state: LedgerHealth.State) -> String {
    switch state {
    case .acceptsChanges: "accepts_changes"
    case .stalled: "stalled"
    case .unavailable: "unavailable"
    case .closed: "closed"
    }
  }
}
