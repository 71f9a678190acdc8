import Synchronization
import TokenTestInputs

@testable import TokenSigning
@testable import TokenVerification

/// A token server as others see it: its keys, its tokens and its time.
struct Issuer {
  static let name = "https://login.example"

  let keys: TokenKeys
  let clock: ManualClock

  init(_ algorithm: SignatureAlgorithm = .es256, clock: ManualClock = ManualClock()) {
    keys = TokenKeys.generate(algorithm)
    self.clock = clock
  }

  var jwks: [UInt8] { keys.publicJWKS() }

  var now: Int64 { clock.now.seconds }

  static func identifier(_ session: UInt64 = 1, generation: UInt32 = 0) -> TokenIdentifier {
    TokenIdentifier(sessionHigh: session, sessionLow: 7, generation: generation)
  }

  func claims(
    subject: String = "ann", client: String = "app", scope: String = "orders.read", session: UInt64 = 1,
    lifetime: Int64 = 900, shift: Int64 = 0
  ) -> AccessClaims {
    AccessClaims(
      subject: subject, clientID: client, scope: scope, issuedAt: now, expiresAt: now + lifetime, shift: shift,
      identifier: Self.identifier(session))
  }

  func access(_ claims: AccessClaims? = nil, issuer: String = name, audience: String = name) -> String {
    TokenMinter(keys: keys, issuer: issuer, audience: audience).mintAccess(claims ?? self.claims())
  }

  var refresh: String {
    TokenMinter(keys: keys, issuer: Self.name, audience: Self.name).mintRefresh(
      RefreshClaims(
        subject: "ann", clientID: "app", issuedAt: now, expiresAt: now + 900, identifier: Self.identifier()))
  }

  /// A verifier with the issuer's keys in its hands.
  func verifier(revocations: RevocationFollower? = nil) throws -> AccessTokenVerifier {
    AccessTokenVerifier(
      keys: try KeySet(json: jwks), issuer: Self.name, revocations: revocations, clock: clock.sessionClock)
  }
}

/// A value that a test changes while others read it.
final class Changing<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) { state = Mutex(value) }

  var value: Value { state.withLock { $0 } }

  @discardableResult
  func change<Result: Sendable>(_ body: @Sendable (inout Value) throws -> Result) rethrows -> Result {
    try state.withLock { try body(&$0) }
  }
}

/// Returns once something is so, which other tasks bring about; false if it is not within a minute.
func becomesTrue(_ condition: @Sendable () -> Bool) async -> Bool {
  for _ in 0..<60_000 {
    if condition() { return true }
    try? await Task.sleep(for: .milliseconds(1))
  }
  return condition()
}
