internal import TokenEngine
internal import TokenObservability
internal import Tracing

/// Times a call of the engine for a grant, counts its outcome, and puts a span around it if a tracer is bootstrapped.
struct GrantObservation: Sendable {
  let metrics: GrantMetrics?

  func watch<Tokens>(
    _ grant: GrantType, _ call: () async throws(EngineError) -> GrantResult<Tokens>
  ) async throws(EngineError) -> GrantResult<Tokens> {
    let began = ContinuousClock.now
    let result = await trace(grant, call)
    metrics?.note(grant, result.map(\.refusal), within: ContinuousClock.now - began)
    return try result.get()
  }

  private func trace<Tokens>(
    _ grant: GrantType, _ call: () async throws(EngineError) -> GrantResult<Tokens>
  ) async -> Result<GrantResult<Tokens>, EngineError> {
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
