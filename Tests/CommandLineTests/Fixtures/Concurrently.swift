import Foundation
import Synchronization

/// Runs `body` once for each index, each on a thread of its own, since it blocks; returns what they return in order.
func concurrently<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Value) -> [Value] {
  let results = Results<Value>()
  let group = DispatchGroup()
  for index in 0..<count {
    group.enter()
    Thread.detachNewThread {
      let value = body(index)
      results.values.withLock { $0[index] = value }
      group.leave()
    }
  }
  group.wait()
  return results.values.withLock { values in (0..<count).compactMap { values[$0] } }
}

private final class Results<Value: Sendable>: Sendable {
  let values = Mutex<[Int: Value]>([:])
}
