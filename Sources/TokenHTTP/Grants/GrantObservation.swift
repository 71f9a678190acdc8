internal import TokenEngine
internal import Tracing

/// Times a call of the engine for a grant, counts its outcome, and has a span around it where a tracer is bootstrapped.
struct GrantObservation: Sendable {
  let metrics: GrantMetrics?

  func watch(
    _ grant: GrantType, _ call: () async throws(EngineFailure) -> GrantOutcome
  ) async throws(EngineFailure) -> GrantOutcome {
    let began = ContinuousClock.now
    let result = await trace(grant, call)
    metrics?.note(grant, result, within: ContinuousClock.now - began)
    return try result.get()
  }

  private func trace(
    _ grant: GrantType, _ call: () async throws(EngineFailure) -> GrantOutcome
  ) async -> Result<GrantOutcome, EngineFailure> {
    let tracer = InstrumentationSystem.tracer
    if tracer is NoOpTracer { return await Self.result(of: call) }
    return await tracer.withAnySpan("grant \(grant.rawValue)") { span in
      let result = await Self.result(of: call)
      span.attributes["refresh_ledger.grant"] = grant.rawValue
      switch result {
      case .success(.granted):
        span.attributes["refresh_ledger.outcome"] = "granted"
      case .success(.refused(let refusal)):
        span.attributes["refresh_ledger.outcome"] = "refused"
        span.attributes["refresh_ledger.reason"] = refusal.reason
      case .failure:
        span.attributes["refresh_ledger.outcome"] = "failed"
        span.setStatus(SpanStatus(code: .error))
      }
      return result
    }
  }

  private static func result(
    of call: () async throws(EngineFailure) -> GrantOutcome
  ) async -> Result<GrantOutcome, EngineFailure> {
    do { return .success(try await call()) } catch { return .failure(error) }
  }
}
