internal import CoreMetrics
internal import TokenEngine
internal import TokenLedger

/// What of an engine is read rather than counted.
struct EngineGauges: Sendable {
  private let ready: Meter
  private let liveSessions: Meter
  private let entries: Meter
  private let logBytes: Meter
  private let stagedSequence: Meter
  private let durableSequence: Meter
  private let sequenceLag: Meter
  private let clockShift: Meter

  init(factory: any MetricsFactory) {
    func meter(_ metric: TokenMetric) -> Meter { Meter(label: metric.rawValue, factory: factory) }
    ready = meter(.ready)
    liveSessions = meter(.liveSessions)
    entries = meter(.entries)
    logBytes = meter(.logBytes)
    stagedSequence = meter(.stagedSequence)
    durableSequence = meter(.durableSequence)
    sequenceLag = meter(.sequenceLag)
    clockShift = meter(.clockShift)
  }

  /// Costs one turn of the ledger's actor, and never waits for the disk.
  func read(_ engine: RotationEngine) async {
    let statistics = await engine.statistics
    ready.set(engine.isReady ? 1 : 0)
    liveSessions.set(statistics.liveSessions)
    entries.set(statistics.entries)
    logBytes.set(statistics.logBytes)
    stagedSequence.set(statistics.sequence)
    durableSequence.set(statistics.durableSequence)
    clockShift.set(statistics.clockShiftSeconds)
    sequenceLag.set(statistics.sequence - min(statistics.sequence, statistics.durableSequence))
  }
}
