internal import Synchronization

/// A range of a proof's cases, shared among workers.
package struct ProofRun: Sendable {
  package struct Progress: Sendable {
    package let done: Int
    package let total: Int
    package let violations: Int
    package let elapsed: Duration

    package var casesPerSecond: Double { Double(done) / max(elapsed.seconds, 1e-9) }
    package var secondsLeft: Double { Double(total - done) / max(casesPerSecond, 1e-9) }
  }

  package let proof: any Proof
  package let cases: Range<UInt64>
  package let workers: Int
  /// Cases that a worker takes at a time.
  private let share: UInt64 = 64

  package init(_ proof: any Proof, cases: Range<UInt64>? = nil, workers: Int = 1) {
    self.proof = proof
    self.cases = cases ?? proof.cases
    self.workers = max(1, workers)
  }

  /// Runs every case once.
  ///
  /// - Parameter onProgress: A closure that the workers call after every share of cases, possibly at the same time.
  /// - Returns: The tally of all cases together.
  package func run(onProgress: @escaping @Sendable (Progress) -> Void = { _ in }) async -> ProofTally {
    let counters = Counters(first: cases.lowerBound)
    let clock = ContinuousClock()
    let start = clock.now
    let total = cases.count
    return await withTaskGroup(of: ProofTally.self) { group in
      for _ in 0..<workers {
        group.addTask {
          var tally = ProofTally()
          while let part = take(counters) {
            for number in part {
              let before = tally.violationCount
              await proof.run(number, into: &tally, trace: nil)
              tally.addCase()
              counters.violations.add(tally.violationCount - before, ordering: .relaxed)
            }
            let now = counters.done.add(part.count, ordering: .relaxed).newValue
            onProgress(
              Progress(
                done: now, total: total, violations: counters.violations.load(ordering: .relaxed),
                elapsed: start.duration(to: clock.now)))
          }
          return tally
        }
      }
      var sum = ProofTally()
      for await tally in group { sum.merge(tally) }
      return sum
    }
  }

  private final class Counters: Sendable {
    let next: Atomic<UInt64>
    let done = Atomic(0)
    let violations = Atomic(0)

    init(first: UInt64) {
      next = Atomic(first)
    }
  }

  private func take(_ counters: Counters) -> Range<UInt64>? {
    let (start, _) = counters.next.add(share, ordering: .relaxed)
    guard start < cases.upperBound else { return nil }
    return start..<min(cases.upperBound, start + share)
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
