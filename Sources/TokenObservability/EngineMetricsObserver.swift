internal import CoreMetrics
public import TokenEngine

/// Counts what the engine did; part of ``ServerMetrics``. Costs a rotation one atomic addition and allocates nothing for it.
public struct EngineMetricsObserver: EngineObserver {
  private let opened: Counter
  private let rotated: Counter
  private let unrotated: Counter
  private let clientGranted: Counter
  private let replayed: LabelledCounters
  private let reused: LabelledCounters
  private let refused: LabelledCounters
  private let revoked: LabelledCounters
  private let oneTimeIssued: Counter
  private let oneTimeConsumed: Counter
  private let oneTimeRefused: LabelledCounters
  private let checkpoints: LabelledCounters
  private let clockSteps: LabelledCounters
  private let commits: Timer

  init(factory: any MetricsFactory) {
    opened = Counter(.sessionsOpened, factory: factory)
    rotated = Counter(.rotations, factory: factory)
    unrotated = Counter(.unrotatedRefreshes, factory: factory)
    clientGranted = Counter(.clientTokens, factory: factory)
    replayed = LabelledCounters(.replays, factory: factory)
    reused = LabelledCounters(.reuses, factory: factory)
    refused = LabelledCounters(.refusals, factory: factory)
    revoked = LabelledCounters(.revocations, factory: factory)
    oneTimeIssued = Counter(.oneTimeTokensIssued, factory: factory)
    oneTimeConsumed = Counter(.oneTimeTokensConsumed, factory: factory)
    oneTimeRefused = LabelledCounters(.oneTimeTokenRefusals, factory: factory)
    checkpoints = LabelledCounters(.checkpoints, factory: factory)
    clockSteps = LabelledCounters(.clockSteps, factory: factory)
    commits = Timer(.commitSeconds, factory: factory)
  }

  public func engine(observed event: EngineEvent) {
    switch event {
    case .opened: opened.increment()
    case .rotated: rotated.increment()
    case .used: unrotated.increment()
    case .replayed(_, _, _, let reuse): replayed.increment(ReuseLabel.text(reuse))
    case .clientGranted: clientGranted.increment()
    case .refused(let refusal, _, _): count(refusal)
    case .revoked: count(.session)
    case .revokedAll(let scope): count(RevocationKind(scope))
    case .accessRevoked: count(.accessToken)
    case .oneTimeIssued: oneTimeIssued.increment()
    case .oneTimeConsumed: oneTimeConsumed.increment()
    case .oneTimeRefused(let refusal, _, _): oneTimeRefused.increment(refusal.reason)
    case .checkpointed: checkpoints.increment(CheckpointOutcome.written.rawValue)
    case .checkpointFailed: checkpoints.increment(CheckpointOutcome.failed.rawValue)
    case .clockStepped(let step, _):
      clockSteps.increment((step < 0 ? ClockDirection.back : .forward).rawValue)
    case .keysReloaded, .keysRefused: break
    }
  }

  public func engine(committedWithin duration: Duration) {
    commits.record(duration)
  }

  private func count(_ refusal: GrantRefusal) {
    refused.increment(refusal.reason)
    switch refusal {
    case .reused(let reuse, _, let revokedSession):
      reused.increment(ReuseLabel.text(reuse))
      if revokedSession { count(.reuse) }
    case .neverIssued: count(.rollback)
    default: break
    }
  }

  private func count(_ kind: RevocationKind) {
    revoked.increment(kind.rawValue)
  }
}
