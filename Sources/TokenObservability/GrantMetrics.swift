internal import CoreMetrics
internal import TokenEngine
internal import TokenLedger

/// What the token endpoint saw of its grants, beside what the engine tells its observer.
struct GrantMetrics: Sendable {
  private let rotate: Timer
  private let loginFailures: Counter
  private let loginsPutOff: Counter
  private let overloads: LabelledCounters

  init(factory: any MetricsFactory) {
    rotate = Timer(.rotateSeconds, factory: factory)
    loginFailures = Counter(.loginFailures, factory: factory)
    loginsPutOff = Counter(.loginsPutOff, factory: factory)
    overloads = LabelledCounters(.overloads, factory: factory)
  }

  /// - Parameters:
  ///   - result: the refusal, nil where it was granted.
  ///   - duration: from the call of the engine to its answer.
  func note(_ grant: GrantType, _ result: Result<GrantRefusal?, EngineFailure>, within duration: Duration) {
    if grant == .refreshToken { rotate.record(duration) }
    switch result {
    case .success(nil): break
    case .success: if grant == .password { loginFailures.increment() }
    case .failure(let failure): if let overload = failure.overload { note(OverloadCause(overload)) }
    }
  }

  /// A log-in was answered before anything of it was looked at.
  func notePutOff() {
    loginsPutOff.increment()
  }

  func note(_ cause: OverloadCause) {
    overloads.increment(cause.rawValue)
  }
}
