internal import RotationModel
internal import TokenLedger

/// The engine's ledger on the paths of every request.
///
/// A ledger with a log is called by its concrete type, since a generic call through an existential is not specialized
/// (tools/cost-guard). The promise is that of the protocol: no outcome leaves before it is durable.
enum HotLedger: Sendable {
  case log(RefreshLedger)
  case other(any SessionLedger)

  init(_ ledger: any SessionLedger) {
    self = (ledger as? RefreshLedger).map { .log($0) } ?? .other(ledger)
  }

  @inline(__always)
  func rotate<Reply: Sendable>(
    _ request: RotationRequest, reply: (Rotation, LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    switch self {
    case .log(let ledger):
      let staged = try await ledger.stageRotation(request)
      let answer = reply(staged.outcome, staged.moment)
      if !ledger.isDurable(through: staged.sequence) { try await ledger.durable(through: staged.sequence) }
      return answer
    case .other(let ledger):
      return try await ledger.rotate(request, deadline: nil, reply: reply)
    }
  }

  @inline(__always)
  func open<Reply: Sendable>(
    _ batch: [SessionGrant], reply: ([Session], LedgerMoment) -> Reply
  ) async throws(LedgerError) -> Reply {
    switch self {
    case .log(let ledger):
      let staged = try await ledger.stageOpenings(batch)
      let answer = reply(staged.outcome, staged.moment)
      if !ledger.isDurable(through: staged.sequence) { try await ledger.durable(through: staged.sequence) }
      return answer
    case .other(let ledger):
      return try await ledger.open(batch, deadline: nil, reply: reply)
    }
  }
}
