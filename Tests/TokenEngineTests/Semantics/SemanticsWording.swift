import TokenLedger

@testable import TokenEngine

/// Outcomes and events in the words of the table.
enum SemanticsWording {
  static func reply(_ outcome: GrantOutcome, before: TokenPair?) -> String {
    switch outcome {
    case .refused(let refusal): return "400 `\(refusal.errorCode)`"
    case .granted(let pair):
      var scope = pair.scopes == Scopes("read write") ? "" : ", scope `\(pair.scopes.text)`"
      if pair.keyThumbprint != nil { scope += ", bound" }
      guard let before, pair.refreshToken == before.refreshToken else { return "200, the next pair\(scope)" }
      return pair.accessToken == before.accessToken
        ? "200, the identical pair\(scope)" : "200, the same refresh token with a fresh access token\(scope)"
    }
  }

  static func told(_ event: EngineEvent) -> String {
    switch event {
    case .opened: "`opened`"
    case .rotated(let token, _, _): "`rotated` (\(token.generation))"
    case .refreshed(let token, _, _): "`refreshed` (\(token.generation))"
    case .retried(let token, _, _, let reuse): "`retried` (\(token.generation)), `\(reuse)`"
    case .clientGranted: "`clientGranted`"
    case .refused(let refusal, let token, _): "`refused` \(words(refusal))\(token == nil ? ", no id" : "")"
    case .revoked: "`revoked`"
    case .revokedAll(let scope): "`revokedAll` \(words(scope))"
    case .accessRevoked(let token): "`accessRevoked` (\(token.generation))"
    case .oneTimeIssued: "`oneTimeIssued`"
    case .oneTimeConsumed: "`oneTimeConsumed`"
    case .oneTimeRefused(.badToken(let fault), _, _): "`oneTimeRefused` `\(fault.rawValue)`, no id"
    case .oneTimeRefused(let refusal, let id, _): "`oneTimeRefused` `\(refusal)`\(id == nil ? ", no id" : "")"
    case .checkpointed, .checkpointFailed: "`checkpoint`"
    case .keysReloaded, .keysRefused: "`keys`"
    case .clockStepped: "`clockStepped`"
    case .databaseUnavailable, .databaseAvailable, .feedStale, .feedCaughtUp, .outcomeUnknown, .databaseFenced,
      .databaseDamaged, .policyDiffers:
      "`database`"
    }
  }

  static func recorded(_ fact: AuditEvent.Fact) -> String {
    switch fact {
    case .opened: "`opened`"
    case .rotated(let token, _, _): "`rotated` (\(token.generation))"
    case .refreshed(let token, _, _): "`refreshed` (\(token.generation))"
    case .retried(let token, _, _, let reuse): "`retried` (\(token.generation)), `\(reuse)`"
    case .successorSeen(let token, _, _): "`successorSeen` (\(token.generation))"
    case .reused(_, _, _, let reuse, let behind, let revoked):
      "`reused` `\(reuse)`, \(behind) behind\(revoked ? ", session revoked" : "")"
    case .revoked(_, _, _, let cause): "`revoked` `\(cause)`"
    case .revokedAll(let scope): "`revokedAll` \(words(scope))"
    case .accessRevoked(let token, _): "`accessRevoked` (\(token.generation))"
    case .expired(let sessions, let oneTimeTokens):
      "`expired` (sessions: \(sessions), one-time tokens: \(oneTimeTokens))"
    case .oneTimeIssued: "`oneTimeIssued`"
    case .oneTimeConsumed: "`oneTimeConsumed`"
    case .missed: "`missed`"
    }
  }

  private static func words(_ refusal: GrantRefusal) -> String {
    switch refusal {
    case .expired(let behind), .revoked(let behind):
      "`\(refusal.reason)`" + (behind.map { $0 == 0 ? "" : ", \($0) behind" } ?? ", not looked up")
    case .reused(let reuse, let behind, let revoked):
      "`reused` `\(reuse)`, \(behind) behind\(revoked ? ", session revoked" : "")"
    case .neverIssued(let ahead): "`never_issued`, \(ahead) ahead"
    default: "`\(refusal.reason)`"
    }
  }

  private static func words(_ scope: SessionScope) -> String {
    switch scope {
    case .subject: "subject"
    case .client: "client"
    case .subjectAtClient: "subject at client"
    case .all: "all"
    }
  }
}
