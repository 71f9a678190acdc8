import Synchronization
import TokenLedger

/// Callers who rotate their own sessions at a steady pace while something else goes on.
struct Bystanders {
  let ledger: RefreshLedger
  /// Each caller has the sessions whose place leaves its own number as remainder.
  let ids: [SessionID]
  static let callers = 16
  /// Between two calls of one caller: 16 callers make 8,000 rotations a second.
  static let interval = Duration.milliseconds(2)

  /// The latencies of the calls made while `body` runs.
  func during<Result: Sendable>(_ body: () async throws -> Result) async throws -> (Result, Latencies) {
    let end = End()
    return try await withThrowingTaskGroup(of: Latencies.self) { group in
      for caller in 0..<Self.callers {
        let mine = stride(from: caller, to: ids.count, by: Self.callers).map { ids[$0] }
        group.addTask { try await rotate(mine, until: end) }
      }
      let result = try await body()
      end.isReached.store(true, ordering: .relaxed)
      var all = Latencies()
      for try await latencies in group { all.add(latencies) }
      return (result, all)
    }
  }

  private func rotate(_ ids: [SessionID], until end: End) async throws -> Latencies {
    var latencies = Latencies()
    var (position, generations) = (0, [UInt32](repeating: 0, count: ids.count))
    for position in ids.indices { generations[position] = try await ledger.session(ids[position])?.generation ?? 0 }
    let clock = ContinuousClock()
    var due = clock.now
    while !end.isReached.load(ordering: .relaxed) {
      let token = TokenID(session: ids[position], generation: generations[position])
      let began = clock.now
      guard case .rotated = try await ledger.rotate(RotationRequest(token: token, client: "web")) else {
        throw Unexpected(what: "a live token was refused")
      }
      latencies.add(clock.now - began, interval: Self.interval)
      generations[position] += 1
      position = (position + 1) % ids.count
      due = max(due.advanced(by: Self.interval), clock.now)
      try await clock.sleep(until: due, tolerance: .zero)
    }
    return latencies
  }
}

private final class End: Sendable {
  let isReached = Atomic(false)
}

struct Unexpected: Error, CustomStringConvertible {
  let what: String
  var description: String { what }
}
