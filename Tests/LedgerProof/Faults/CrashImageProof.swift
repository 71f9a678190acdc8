/// Whatever a power failure leaves, at any moment of several lives of a ledger, is opened with every acknowledged
/// record.
///
/// Case number: variant x stages + stage; a case looks at every change of the disk.
package struct CrashImageProof: Proof {
  package let name = "crash-images"
  package let summary = "a power failure before every change of the disk, in several mixes: never refused, nothing lost"
  package let cases: Range<UInt64> = 0..<1_000

  package init() {}

  package func run(_ number: UInt64, into tally: inout ProofTally, trace: ((String) -> Void)?) async {
    let kinds = FaultStage.Kind.allCases
    let stage: FaultStage
    do {
      stage = try await FaultStage.make(kinds[Int(number) % kinds.count], variant: 100 + number / UInt64(kinds.count))
    } catch {
      tally.addViolation(number, "no stage: \(error)")
      return
    }
    let watch = CrashWatch(seed: number)
    var run = FaultRun(stage, watch: watch)
    await run.run(keepsTrail: true)
    for breach in run.breaches { tally.addViolation(number, "without a crash: \(breach)") }
    let images = watch.images
    tally.add("crash images of stage \(stage.kind)", images.count)
    for image in images {
      trace?("\(image.moment): \(image.records)")
      if let breach = await run.trail.breach(image.files, stage.options, image.records) {
        tally.addViolation(number, breach, evidence: ["stage \(stage.kind), seed \(stage.seed)", image.moment])
      }
    }
  }
}
