import Synchronization

/// Every operation of the storage fails once, in every way, in several lives of a ledger.
///
/// Case number: ((variant x stages + stage) x 512 + operation) x forms + form; past a stage's last operation there is
/// nothing to do.
package struct IOFaultProof: Proof {
  package let name = "io-faults"
  package let summary = "every operation of the storage fails, in ten ways, from the first opening to recovery"
  package let cases: Range<UInt64>

  static let operationsMax: UInt64 = 512
  static let variants: UInt64 = 8
  static var forms: UInt64 { UInt64(StorageFaultForm.allCases.count) }
  static var stages: UInt64 { UInt64(FaultStage.Kind.allCases.count) }
  private static let crashImages: UInt64 = 6
  private let baselines = FaultBaselines()

  package init() {
    cases = 0..<(Self.variants * Self.stages * Self.operationsMax * Self.forms)
  }

  package func run(_ number: UInt64, into tally: inout ProofTally, trace: ((String) -> Void)?) async {
    let form = StorageFaultForm.allCases[Int(number % Self.forms)]
    let target = Int(number / Self.forms % Self.operationsMax)
    let baseline: FaultBaseline
    do {
      baseline = try await baselines.baseline(number / Self.forms / Self.operationsMax)
    } catch {
      tally.addViolation(number, "no stage: \(error)")
      return
    }
    if number % (Self.forms * Self.operationsMax) == 0 { baseline.describe(number, to: &tally) }
    guard target < baseline.operations.count else { return }
    let operation = baseline.operations[target]
    let words = "operation \(target), \(operation.operation) \(operation.name): \(form)"
    trace?("\(baseline.stage.kind), seed \(baseline.stage.seed), \(words)")
    var run = FaultRun(baseline.stage, target: target, form: form)
    await run.run(keepsTrail: false)
    var breaches = run.breaches
    if run.faults.failure == nil {
      tally.add("faults that nobody may notice")
      if run.files != baseline.files { breaches.append("the files differ from those of a run without faults") }
    } else {
      tally.add(run.faults.stop == nil ? "faults that end a checkpoint" : "faults that end all writing")
      breaches += await self.breaches(of: run, baseline, number, &tally)
    }
    tally.add("faults: \(form)")
    trace?("  \(run.faults.failure.map { "\($0)" } ?? "nobody noticed"); \(run.acknowledged)...\(run.staged)")
    for breach in breaches {
      tally.addViolation(
        number, breach, evidence: ["stage \(baseline.stage.kind), seed \(baseline.stage.seed)", words])
    }
  }

  /// What is found after a kill and after power failures.
  private func breaches(
    of run: FaultRun, _ baseline: FaultBaseline, _ number: UInt64, _ tally: inout ProofTally
  ) async -> [String] {
    var breaches: [String] = []
    let records = run.acknowledged...max(run.acknowledged, run.staged)
    func look(_ files: [String: [UInt8]], _ what: String) async {
      tally.add("recoveries")
      if let breach = await baseline.trail.breach(files, run.stage.options, records) {
        breaches.append("\(what): \(breach)")
      }
    }
    await look(run.files, "after a kill")
    for image in 0..<Self.crashImages {
      await look(run.crashImage(number &* 31 &+ image), "after power failure \(image)")
    }
    do {
      // What an opening serves after a mere kill must be on disk before it is served.
      let served = try await run.serveAfterKill()
      guard records.contains(served) else { return breaches + ["after a kill: serves \(served), not \(records)"] }
      for image in 0..<Self.crashImages {
        tally.add("recoveries")
        let files = run.crashImage(number &* 37 &+ image)
        let breach = await baseline.trail.breach(files, run.stage.options, served...served)
        if let breach { breaches.append("after a kill, an opening and power failure \(image): \(breach)") }
      }
    } catch {
      breaches.append("after a kill: \(error)")
    }
    return breaches
  }
}

/// A run of a stage without faults.
private struct FaultBaseline: Sendable {
  let stage: FaultStage
  let operations: [FaultWatch.Operation]
  let files: [String: [UInt8]]
  let trail: RecordTrail
  let breaches: [String]

  func describe(_ number: UInt64, to tally: inout ProofTally) {
    tally.add("operations of stage \(stage.kind)", operations.count)
    for breach in breaches { tally.addViolation(number, "without a fault: \(breach)") }
    if operations.count > Int(IOFaultProof.operationsMax) { tally.addViolation(number, "too many operations") }
  }
}

/// The baselines in use, each of which serves thousands of cases.
private final class FaultBaselines: Sendable {
  private let known = Mutex<[UInt64: Task<FaultBaseline, any Error>]>([:])

  func baseline(_ number: UInt64) async throws -> FaultBaseline {
    let task = known.withLock { known in
      if let task = known[number] { return task }
      let task = Task {
        let kind = FaultStage.Kind.allCases[Int(number % IOFaultProof.stages)]
        let stage = try await FaultStage.make(kind, variant: number / IOFaultProof.stages)
        var run = FaultRun(stage)
        await run.run(keepsTrail: true)
        return FaultBaseline(
          stage: stage, operations: run.faults.operations, files: run.files, trail: run.trail, breaches: run.breaches)
      }
      known[number] = task
      return task
    }
    return try await task.value
  }
}
