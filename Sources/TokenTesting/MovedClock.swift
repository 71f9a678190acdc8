// An embedder gets `ManualClock` with `TokenTesting`; the ledger's own tests, which know no engine, with `LedgerTesting`.
@_exported public import LedgerTesting
@_exported public import TokenEngine

extension RotationEngine {
  /// An engine in memory whose time is that of a clock which the test moves.
  ///
  ///     let clock = ManualClock()
  ///     let engine = try RotationEngine.inMemory(clock: clock)
  ///
  /// Nothing is written, keys are made anew each time, and nothing is swept but along with other calls.
  public static func inMemory(
    clock: ManualClock, options: EngineOptions = EngineOptions(), subjects: (any SubjectStore)? = nil,
    observer: any EngineObserver = SilentObserver()
  ) throws(EngineFailure) -> RotationEngine {
    try inMemory(options: options, subjects: subjects, observer: observer, clock: clock.sessionClock)
  }
}
