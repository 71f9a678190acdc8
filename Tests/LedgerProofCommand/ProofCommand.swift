import Glibc
import LedgerProof

@main
struct ProofCommand {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.contains("--help") || arguments.contains("-h") {
      print(ProofArguments.usage)
      return
    }
    let parsed: ProofArguments
    do throws(ProofArguments.Refusal) {
      parsed = try ProofArguments(arguments)
    } catch {
      StandardError.write("ledger-proof: \(error.what); see --help\n")
      exit(64)
    }
    let tally = parsed.traces ? await traced(parsed) : await counted(parsed)
    exit(tally.violationCount == 0 ? 0 : 1)
  }

  private static func counted(_ arguments: ProofArguments) async -> ProofTally {
    let line = ProgressLine(arguments.proof.name)
    let clock = ContinuousClock()
    let start = clock.now
    let run = ProofRun(arguments.proof, cases: arguments.cases, workers: arguments.workers)
    let tally = await run.run { line.show($0) }
    line.clear()
    report(tally, of: arguments, took: start.duration(to: clock.now))
    return tally
  }

  private static func traced(_ arguments: ProofArguments) async -> ProofTally {
    var tally = ProofTally()
    let clock = ContinuousClock()
    let start = clock.now
    await arguments.proof.run(arguments.cases.lowerBound, into: &tally) { print($0) }
    tally.addCase()
    report(tally, of: arguments, took: start.duration(to: clock.now))
    return tally
  }

  private static func report(_ tally: ProofTally, of arguments: ProofArguments, took: Duration) {
    for violation in tally.violations.prefix(arguments.shownMax) {
      print("violation in case \(violation.number): \(violation.what)")
      for line in violation.evidence { print("  \(line)") }
      print("  replay: \(arguments.proof.replayCommand(violation.number))")
    }
    if tally.violations.count > arguments.shownMax {
      let numbers = tally.violations.dropFirst(arguments.shownMax).map { "\($0.number)" }
      print("further violations in cases \(numbers.joined(separator: ", ")), ...")
    }
    for name in tally.names { print("  \(name): \(tally[name])") }
    print(
      "\(arguments.proof.name): cases \(arguments.cases), \(tally.cases) run in \(took), "
        + "\(tally.violationCount) violations")
  }
}
