public import CoreMetrics
public import TokenEngine
internal import Tracing

/// An observation of grants: it times the engine's answer, counts its outcome, and puts a span around it if a tracer is
/// bootstrapped.
///
///     let grants = GrantObservation(metrics: GrantMetrics())
///     let outcome = try await grants.watch(.refreshToken) { () async throws(EngineError) in
///       try await engine.refresh(token, client: web)
///     }
///
/// The time is that of the call alone, the wait for the disk included, and not that of the request around it. No span
/// and no label holds a token, a name or the text of an error. The routes of the product TokenHTTP are watched by it.
public struct GrantObservation: Sendable {
  /// The metrics, or nil for spans alone.
  public let metrics: GrantMetrics?

  public init(metrics: GrantMetrics? = nil) {
    self.metrics = metrics
  }

  /// Makes a call of the engine and returns its answer.
  public func watch<Tokens>(
    _ grant: GrantType, _ call: () async throws(EngineError) -> GrantResult<Tokens>
  ) async throws(EngineError) -> GrantResult<Tokens> {
    let began = ContinuousClock.now
    let result = await trace(grant, call)
    // A closure and not a key path, which would be made anew at each call of a generic function.
    metrics?.note(grant, result.map { $0.refusal }, within: ContinuousClock.now - began)
    return try result.get()
  }

  private func trace<Tokens>(
    _ grant: GrantType, _ call: () async throws(EngineError) -> GrantResult<Tokens>
  ) async -> Result<GrantResult<Tokens>, EngineError> {
    // Where nothing is bootstrapped there is no tracer either, and the search for one costs more than this.
    if InstrumentationSystem.instrument is NoOpInstrument { return await Self.result(of: call) }
    let tracer = InstrumentationSystem.tracer
    if tracer is NoOpTracer { return await Self.result(of: call) }
    return await tracer.withAnySpan("grant \(grant.rawValue)") { span in
      let result = await Self.result(of: call)
      span.attributes["refresh_ledger.grant"] = grant.rawValue
      switch result {
      case .success(let answer):
        span.attributes["refresh_ledger.outcome"] = answer.refusal == nil ? "granted" : "refused"
        span.attributes["refresh_ledger.reason"] = answer.refusal?.reason
      case .failure:
        span.attributes["refresh_ledger.outcome"] = "failed"
        span.setStatus(SpanStatus(code: .error))
      }
      return result
    }
  }

  /// The outcome as a value, since a tracer records thrown errors, whose text is not ours.
  private static func result<Answer>(
    of call: () async throws(EngineError) -> Answer
  ) async -> Result<Answer, EngineError> {
    do { return .success(try await call()) } catch { return .failure(error) }
  }
}

/// The metrics of grants as routes ask for them, beside those of the engine's events: the time of a refresh in the
/// engine, refused log-ins, log-ins that were put off, and overloads.
///
/// Make one for a process; ``GrantObservation`` notes in it.
public struct GrantMetrics: Sendable {
  private let rotate: Timer
  private let loginFailures: Counter
  private let loginsPutOff: Counter
  private let overloads: LabelledCounters
  private let proofsRefused: LabelledCounters

  /// - Parameter factory: The backend; by default the one with which the process was bootstrapped.
  public init(factory: any MetricsFactory = MetricsSystem.factory) {
    rotate = Timer(.rotateSeconds, factory: factory)
    loginFailures = Counter(.loginFailures, factory: factory)
    loginsPutOff = Counter(.loginsPutOff, factory: factory)
    overloads = LabelledCounters(.overloads, factory: factory)
    proofsRefused = LabelledCounters(.proofsRefused, factory: factory)
  }

  /// Counts a grant.
  ///
  /// - Parameters:
  ///   - grant: The type of the grant; the time is recorded of refreshes alone, and a refusal counted of log-ins alone.
  ///   - result: The refusal, or nil if the grant succeeded; a failure is counted if it is an overload.
  ///   - duration: The time from the call of the engine to its answer.
  public func note(_ grant: GrantType, _ result: Result<GrantRefusal?, EngineError>, within duration: Duration) {
    if grant == .refreshToken { rotate.record(duration) }
    switch result {
    case .success(nil): break
    case .success: if grant == .password { loginFailures.increment() }
    case .failure(let failure): if let overload = failure.overload { note(OverloadCause(overload)) }
    }
  }

  /// Counts a log-in that was put off before anything of it was checked.
  public func notePutOff() {
    loginsPutOff.increment()
  }

  /// Counts a proof that was refused with an access token.
  public func note(_ fault: BadProof.Fault) {
    proofsRefused.increment(fault.rawValue)
  }

  package func note(_ cause: OverloadCause) {
    overloads.increment(cause.rawValue)
  }
}
