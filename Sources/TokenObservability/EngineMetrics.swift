public import CoreMetrics
public import TokenEngine

/// An observer that counts the engine's events in a backend of swift-metrics.
///
/// A rotation costs one atomic addition and no allocation.
///
///     let engine = try await RotationEngine.open(folder: "tokens", observer: EngineMetricsObserver())
///
/// Every counter and histogram exists, at zero, from the beginning. ``EngineGauges`` has the metrics that are read
/// instead. `ServerMetrics` of TokenHTTP has both, and those of requests.
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
  /// The counters of checkpoints, or nil with a store that has no log.
  private let checkpoints: LabelledCounters?
  private let clockSteps: LabelledCounters
  private let commits: Timer?
  private let database: DatabaseCounters?

  /// Creates the observer of an engine that has a ledger with a log.
  ///
  /// - Parameter factory: The backend; by default the one with which the process was bootstrapped.
  public init(factory: any MetricsFactory = MetricsSystem.factory) {
    self.init(factory: factory, store: .embedded)
  }

  /// Creates the observer of an engine.
  ///
  /// - Parameters:
  ///   - factory: The backend; by default the one with which the process was bootstrapped.
  ///   - store: The store behind the engine's ledger; only the metrics of this kind are made.
  public init(factory: any MetricsFactory = MetricsSystem.factory, store: TokenMetric.Store) {
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
    checkpoints = store == .embedded ? LabelledCounters(.checkpoints, factory: factory) : nil
    clockSteps = LabelledCounters(.clockSteps, factory: factory)
    commits = store == .embedded ? Timer(.commitSeconds, factory: factory) : nil
    database = store == .postgres ? DatabaseCounters(factory: factory) : nil
  }

  public func engine(observed event: EngineEvent) {
    switch event {
    case .opened: opened.increment()
    case .rotated: rotated.increment()
    case .refreshed: unrotated.increment()
    case .retried(_, _, _, let reuse): replayed.increment(ReuseLabel.text(reuse))
    case .clientGranted: clientGranted.increment()
    case .refused(let refusal, _, _): count(refusal)
    case .revoked: count(.session)
    case .revokedAll(let scope): count(RevocationKind(scope))
    case .accessRevoked: count(.accessToken)
    case .oneTimeIssued: oneTimeIssued.increment()
    case .oneTimeConsumed: oneTimeConsumed.increment()
    case .oneTimeRefused(let refusal, _, _): oneTimeRefused.increment(refusal.reason)
    case .checkpointed: checkpoints?.increment(CheckpointOutcome.written.rawValue)
    case .checkpointFailed: checkpoints?.increment(CheckpointOutcome.failed.rawValue)
    case .clockStepped(let step, _):
      clockSteps.increment((step < 0 ? ClockDirection.back : .forward).rawValue)
    case .databaseUnavailable: database?.outages.increment()
    case .feedStale: database?.feedStale.increment()
    case .outcomeUnknown: database?.outcomesUnknown.increment()
    case .keysReloaded, .keysRefused, .databaseAvailable, .feedCaughtUp, .databaseFenced, .databaseDamaged,
      .policyDiffers:
      break
    }
  }

  public func engine(committedWithin duration: Duration) {
    commits?.record(duration)
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

/// The counters of a ledger in a database.
private struct DatabaseCounters: Sendable {
  let outages: Counter
  let outcomesUnknown: Counter
  let feedStale: Counter

  init(factory: any MetricsFactory) {
    outages = Counter(.databaseOutages, factory: factory)
    outcomesUnknown = Counter(.outcomesUnknown, factory: factory)
    feedStale = Counter(.feedStale, factory: factory)
  }
}

/// The metrics of the streams that tell other processes what was revoked.
package struct RevocationStreamMetrics: Sendable {
  private let open: Meter
  private let ends: LabelledCounters

  package init(factory: any MetricsFactory) {
    open = Meter(label: TokenMetric.revocationStreams.rawValue, factory: factory)
    open.set(0)
    ends = LabelledCounters(.revocationStreamEnds, factory: factory)
  }

  package func noteOpen(_ count: Int) { open.set(count) }

  package func note(_ end: StreamEnd) { ends.increment(end.rawValue) }
}

/// The counters of one metric with one label, made at once, so that each exists before it first counts.
struct LabelledCounters: Sendable {
  private let byValue: [String: Counter]

  init(_ metric: TokenMetric, factory: any MetricsFactory) {
    precondition(metric.labels.count == 1, "\(metric.rawValue) has not one label")
    byValue = metric.labels.reduce(into: [:]) { counters, label in
      for value in label.values {
        counters[value] = Counter(label: metric.rawValue, dimensions: [(label.name, value)], factory: factory)
      }
    }
  }

  /// Increments the counter of a value; an unknown value is ignored.
  func increment(_ value: String) {
    byValue[value]?.increment()
  }
}

extension Counter {
  convenience init(_ metric: TokenMetric, factory: any MetricsFactory) {
    self.init(label: metric.rawValue, factory: factory)
  }
}

extension Timer {
  convenience init(_ metric: TokenMetric, factory: any MetricsFactory) {
    self.init(label: metric.rawValue, factory: factory)
  }

  package func record(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
  }
}
