import LedgerTesting
import Testing

@testable import TokenLedger

/// A ledger and sessions of several subjects and clients.
struct CrowdFixture {
  let clock = ManualClock()
  let ledger: RefreshLedger

  init(sessionsPerSubjectMax: Int = 0) {
    ledger = RefreshLedger.inMemory(
      sessionsPerSubjectMax: sessionsPerSubjectMax, clock: clock.sessionClock, random: SeededGenerator(seed: 1))
  }

  static func grant(
    _ subject: String, _ client: String, rotation: RotationPolicy = .always, label: String? = nil,
    idle: Int64 = 100_000
  ) throws -> SessionGrant {
    let lifetimes = try #require(Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: 1_000_000))
    return SessionGrant(
      subject: subject, client: client, scope: "read", lifetimes: lifetimes, rotation: rotation, label: label)
  }

  func open(_ subject: String, _ client: String) async throws -> Session {
    try await ledger.open(Self.grant(subject, client))
  }

  /// Whether its refresh token is accepted, and its access token.
  func accepts(_ session: Session) async throws -> (refresh: Bool, access: Bool) {
    let refuses = ledger.revocations.refuse(
      session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
    let request = RotationRequest(token: session.refreshTokenID, client: session.client, reuse: .refuse)
    return (try await ledger.rotate(request).refusal == nil, !refuses)
  }
}
