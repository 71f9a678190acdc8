#if Postgres
import Testing

/// Of the test cases on a server few run at a time: a ledger has connections and a thread for each, and its feed never
/// rests.
struct FewAtOnce: SuiteTrait, TestTrait, TestScoping {
  private static let gate = Gate(width: 8)

  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    guard testCase != nil else { return try await function() }
    await Self.gate.enter()
    do { try await function() } catch {
      await Self.gate.leave()
      throw error
    }
    await Self.gate.leave()
  }
}

extension Trait where Self == FewAtOnce {
  static var fewAtOnce: Self { Self() }
}

/// Lets as many in as its width; the others wait in their order.
private actor Gate {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(width: Int) { free = width }

  func enter() async {
    if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
  }

  func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
#endif
