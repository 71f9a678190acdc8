public import CoreMetrics
public import TokenEngine

/// The gauges of an engine, which are read rather than counted: live sessions, bytes of log, the age of the news of
/// other instances.
///
/// A backend of swift-metrics sends the values that were set last, so call ``read(_:)`` shortly before it does.
public struct EngineGauges: Sendable {
  private let ready: Meter
  private let liveSessions: Meter
  private let entries: Meter
  private let clockShift: Meter
  /// The meter of the store's kind, which is set once.
  private let store: Meter
  private let log: LogGauges?
  private let database: DatabaseGauges?

  /// Creates the gauges of an engine that has a ledger with a log.
  ///
  /// - Parameter factory: The backend; by default the one with which the process was bootstrapped.
  public init(factory: any MetricsFactory = MetricsSystem.factory) {
    self.init(factory: factory, store: .embedded)
  }

  /// Creates the gauges of an engine, and sets that of the store's kind.
  ///
  /// - Parameters:
  ///   - factory: The backend; by default the one with which the process was bootstrapped.
  ///   - store: The store behind the engine's ledger; only the metrics of this kind are made.
  public init(factory: any MetricsFactory = MetricsSystem.factory, store: TokenMetric.Store) {
    ready = Meter(.ready, factory: factory)
    liveSessions = Meter(.liveSessions, factory: factory)
    entries = Meter(.entries, factory: factory)
    clockShift = Meter(.clockShift, factory: factory)
    self.store = Meter(label: TokenMetric.store.rawValue, dimensions: [("kind", store.rawValue)], factory: factory)
    self.store.set(1)
    log = store == .embedded ? LogGauges(factory: factory) : nil
    database = store == .postgres ? DatabaseGauges(factory: factory) : nil
  }

  /// Sets the gauges to the engine's current figures.
  ///
  /// This costs one turn of the ledger's actor, and never waits for a disk or a network.
  public func read(_ engine: RotationEngine) async {
    let statistics = await engine.statistics
    let health = engine.health
    ready.set(health.isServing && health.acceptsChanges ? 1 : 0)
    liveSessions.set(statistics.liveSessions)
    entries.set(statistics.entries)
    clockShift.set(statistics.clockShiftSeconds)
    log?.set(statistics)
    database?.set(health, at: engine.time)
  }
}

/// The gauges of a ledger with a log.
private struct LogGauges: Sendable {
  private let bytes: Meter
  private let stagedSequence: Meter
  private let durableSequence: Meter
  private let sequenceLag: Meter

  init(factory: any MetricsFactory) {
    bytes = Meter(.logBytes, factory: factory)
    stagedSequence = Meter(.stagedSequence, factory: factory)
    durableSequence = Meter(.durableSequence, factory: factory)
    sequenceLag = Meter(.sequenceLag, factory: factory)
  }

  func set(_ statistics: LedgerStatistics) {
    bytes.set(statistics.logBytes)
    stagedSequence.set(statistics.sequence)
    durableSequence.set(statistics.durableSequence)
    sequenceLag.set(statistics.sequence - min(statistics.sequence, statistics.durableSequence))
  }
}

/// The gauges of a ledger in a database.
private struct DatabaseGauges: Sendable {
  private let available: Meter
  private let unavailableSeconds: Meter
  private let feedAge: Meter
  private let feedCurrent: Meter
  private let fenced: Meter

  init(factory: any MetricsFactory) {
    available = Meter(.databaseAvailable, factory: factory)
    unavailableSeconds = Meter(.databaseUnavailableSeconds, factory: factory)
    feedAge = Meter(.feedAge, factory: factory)
    feedCurrent = Meter(.feedCurrent, factory: factory)
    fenced = Meter(.databaseFenced, factory: factory)
  }

  func set(_ health: LedgerHealth, at now: Timestamp) {
    var milliseconds: Int64 = 0
    if case .unavailable(let since) = health.state { milliseconds = max(0, now.millisecondsSince(since)) }
    available.set(health.acceptsChanges ? 1 : 0)
    unavailableSeconds.set(Double(milliseconds) / 1000)
    feedAge.set((health.feedAge ?? .zero) / .seconds(1))
    feedCurrent.set(health.isFeedStale ? 0 : 1)
    fenced.set(health.lacksChanges ? 1 : 0)
  }
}

extension Meter {
  fileprivate convenience init(_ metric: TokenMetric, factory: any MetricsFactory) {
    self.init(label: metric.rawValue, factory: factory)
  }
}
