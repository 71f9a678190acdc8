#if Postgres
internal import PostgresTesting
internal import Synchronization

/// Every exchange of an instance with its database fails once, in every way.
///
/// Case number: ((variant x stages + stage) x 512 + exchange) x forms + form; past a stage's last exchange there is
/// nothing to do.
package struct DatabaseFaultProof: Proof {
  package let name = "database-faults"
  package let summary = "every exchange of an instance with PostgreSQL fails, in fourteen ways"
  package let cases: Range<UInt64>

  package static let exchangesMax: UInt64 = 512
  package static let variants: UInt64 = 4
  package static var forms: UInt64 { UInt64(DatabaseFaultForm.all.count) }
  package static var stages: UInt64 { UInt64(DatabaseStage.Kind.allCases.count) }
  private let baselines = DatabaseBaselines()

  package init() {
    cases = 0..<(Self.variants * Self.stages * Self.exchangesMax * Self.forms)
  }

  package func run(_ number: UInt64, into tally: inout ProofTally, trace: ((String) -> Void)?) async {
    do {
      let baseline = try await baselines.baseline(number / Self.forms / Self.exchangesMax)
      if number % (Self.forms * Self.exchangesMax) == 0 {
        baseline.describe(number, to: &tally)
        for (place, exchange) in baseline.targets.enumerated() { trace?("exchange \(place): \(exchange)") }
      }
      let place = Int(number / Self.forms % Self.exchangesMax)
      guard place < baseline.targets.count else { return }
      let exchange = baseline.targets[place]
      guard let fault = DatabaseFaultForm.form(Int(number % Self.forms), of: exchange) else { return }
      trace?("\(baseline.stage), exchange \(place), \(exchange): \(fault)")
      let finding = try await DatabaseFaultRun(
        stage: baseline.stage, plan: [exchange: fault], traces: trace != nil
      ).run()
      for line in finding.lines { trace?(line) }
      tally.add("faults: \(fault)", finding.strikes.count)
      report(finding, baseline, ["\(baseline.stage), \(exchange): \(fault)"], number, &tally)
      if finding.strikes.isEmpty { tally.add("faults that met nothing") }
      for strike in finding.strikes where strike.fault != .hold && strike.exchange.isOfCall {
        // Whatever it said, it was asked again.
        let (wanted, found) = (baseline.finding.callCount + 1, finding.callCount)
        guard found < wanted else { continue }
        tally.addViolation(number, "\(exchange) was not asked again after \(fault): \(found) requests of \(wanted)")
      }
    } catch {
      tally.addViolation(number, "no stage: \(error)")
    }
  }

  /// One run in which many of a stage's exchanges fail, one after the other: of each `parts` the one with this number.
  package func runMany(
    stage: UInt64, part: Int, of parts: Int, holds: Bool, into tally: inout ProofTally
  ) async throws {
    let baseline = try await baselines.baseline(stage)
    var plan: [ProxyExchange: RequestFault] = [:]
    for (place, exchange) in baseline.targets.enumerated() where place % parts == part {
      let number = (place / parts + part * 5) % DatabaseFaultForm.all.count
      let form = DatabaseFaultForm.form(number, of: exchange) ?? .cutAfter
      plan[exchange] = holds ? .hold : form == .hold ? .cutInside : form
    }
    let finding = try await DatabaseFaultRun(stage: baseline.stage, plan: plan, traces: false).run()
    tally.add("faults", finding.strikes.count)
    tally.add("faults that met nothing", plan.count - finding.strikes.count)
    for strike in finding.strikes { tally.add("faults: \(strike.fault)") }
    let met = finding.strikes.map { "\($0.exchange): \($0.fault)" }
    report(finding, baseline, ["\(baseline.stage), part \(part) of \(parts)"] + met, 0, &tally)
  }

  private func report(
    _ finding: DatabaseFaultRun.Finding, _ baseline: DatabaseBaseline, _ evidence: [String], _ number: UInt64,
    _ tally: inout ProofTally
  ) {
    tally.merge(finding.tally)
    for violation in finding.violations {
      tally.addViolation(number, violation.what, evidence: evidence + violation.evidence)
    }
  }
}

/// A run of a stage without faults.
private struct DatabaseBaseline: Sendable {
  let stage: DatabaseStage
  let finding: DatabaseFaultRun.Finding
  /// The exchanges that fail, in the order in which they came.
  let targets: [ProxyExchange]

  init(_ number: UInt64) async throws {
    let kind = DatabaseStage.Kind.allCases[Int(number % DatabaseFaultProof.stages)]
    stage = DatabaseStage(kind: kind, variant: number / DatabaseFaultProof.stages)
    finding = try await DatabaseFaultRun(stage: stage, plan: [:], traces: false).run()
    targets = finding.exchanges.filter(\.isTarget)
  }

  func describe(_ number: UInt64, to tally: inout ProofTally) {
    tally.add("exchanges of stage \(stage.kind)", targets.count)
    for violation in finding.violations {
      tally.addViolation(number, "without a fault: \(violation.what)", evidence: violation.evidence)
    }
    if targets.count > Int(DatabaseFaultProof.exchangesMax) { tally.addViolation(number, "too many exchanges") }
  }
}

/// The baselines in use, each of which serves many cases.
private final class DatabaseBaselines: Sendable {
  private let known = Mutex<[UInt64: Task<DatabaseBaseline, any Error>]>([:])

  func baseline(_ number: UInt64) async throws -> DatabaseBaseline {
    let task = known.withLock { known in
      if let task = known[number] { return task }
      let task = Task { try await DatabaseBaseline(number) }
      known[number] = task
      return task
    }
    return try await task.value
  }
}
#endif
