import LedgerTesting
import TokenTesting

@testable import TokenEngine

#if Postgres
import TokenLedgerPostgres
#endif

/// The ledgers that the engine is tested on.
///
/// What only a log can do is tested on the one with a log alone.
enum TestedLedger: String, CaseIterable, Sendable {
  /// `RefreshLedger`, in memory.
  case refreshLedger
  case dictionary
  #if Postgres
  case postgres
  #endif

  func make(clock: ManualClock, sessionsPerSubjectMax: Int = 0) async throws -> any OneTimeLedger & EventLedger {
    let random = SeededGenerator(seed: 3)
    return switch self {
    case .refreshLedger:
      RefreshLedger.inMemory(
        sessionsPerSubjectMax: sessionsPerSubjectMax, clock: clock.sessionClock, random: random)
    case .dictionary:
      DictionaryLedger(clock: clock, sessionsPerSubjectMax: sessionsPerSubjectMax, random: random)
    #if Postgres
    case .postgres:
      try await PostgresLedgers.make(clock: clock, sessionsPerSubjectMax: sessionsPerSubjectMax)
    #endif
    }
  }

  /// An engine on a new one.
  func engine(
    clock: ManualClock, options: EngineOptions = EngineOptions(), subjects: (any SubjectStore)? = nil,
    observer: any EngineObserver = SilentObserver()
  ) async throws -> RotationEngine {
    try RotationEngine(
      ledger: try await make(clock: clock, sessionsPerSubjectMax: options.sessionsPerSubjectMax), options: options,
      subjects: subjects, observer: observer, clock: clock.sessionClock)
  }

  /// What a ledger's heartbeat does.
  static func sweep(_ ledger: any SessionLedger) async throws {
    if let ledger = ledger as? RefreshLedger { try await ledger.sweepExpired() }
    if let ledger = ledger as? DictionaryLedger { ledger.sweep() }
    #if Postgres
    if let ledger = ledger as? PostgresLedger { try await ledger.upkeep.sweep(outliving: 0) }
    #endif
  }
}
