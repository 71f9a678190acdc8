internal import TokenLedger

extension RotationRefusal {
  /// Whether its client hears that the session is over.
  var endsSession: Bool {
    switch self {
    case .unknown, .expired, .revoked, .reused(_, _, true), .neverIssued, .outdated(_, true): true
    case .reused(_, _, false), .outdated(_, false), .wrongClient, .replayedProof, .lateProof, .missingKey, .otherKey:
      false
    }
  }

  /// As tallies and traces have it.
  var word: String {
    switch self {
    case .unknown: "unknown"
    case .expired: "expired"
    case .revoked: "revoked"
    case .reused(let reuse, _, false): "reused as \(reuse)"
    case .reused(let reuse, _, true): "reused as \(reuse), and revoked for it"
    case .neverIssued: "never issued"
    case .outdated(_, let revokedSession): revokedSession ? "outdated" : "outdated, and left"
    case .wrongClient: "wrong client"
    case .replayedProof: "replayed proof"
    case .lateProof: "late proof"
    case .missingKey: "missing key"
    case .otherKey: "other key"
    }
  }
}
