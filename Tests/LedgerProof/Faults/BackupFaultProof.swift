import LedgerTesting
import WriteAheadLog

/// Every operation of a backup fails once, in every way, on the side that is read and on the side that is written.
///
/// Case number: ((variant x 2 + side) x 128 + operation) x forms + form; past the last operation there is nothing to
/// do.
package struct BackupFaultProof: Proof {
  package let name = "backup-faults"
  package let summary = "every operation of a backup fails, in ten ways: no copy that could be served as it is"
  package let cases: Range<UInt64>

  static let operationsMax: UInt64 = 128
  private static let variants: UInt64 = 16
  private static let crashImages: UInt64 = 6
  private static let kinds: [FaultStage.Kind] = [.checkpoint, .torn, .unsealed, .leftovers]

  package init() {
    cases = 0..<(Self.variants * 2 * Self.operationsMax * IOFaultProof.forms)
  }

  package func run(_ number: UInt64, into tally: inout ProofTally, trace: ((String) -> Void)?) async {
    let form = StorageFaultForm.allCases[Int(number % IOFaultProof.forms)]
    let target = Int(number / IOFaultProof.forms % Self.operationsMax)
    let variant = number / IOFaultProof.forms / Self.operationsMax / 2
    let failsSource = number / IOFaultProof.forms / Self.operationsMax % 2 == 0
    let stage: FaultStage
    do {
      stage = try await FaultStage.make(Self.kinds[Int(variant) % Self.kinds.count], variant: variant)
    } catch {
      tally.addViolation(number, "no stage: \(error)")
      return
    }
    let backup = BackupAttempt(stage, target: target, form: form, failsSource: failsSource)
    guard target < backup.faults.operations.count else { return }
    let operation = backup.faults.operations[target]
    let words = "\(failsSource ? "source" : "copy"), \(operation.operation) \(operation.name): \(form)"
    trace?("\(stage.kind), seed \(stage.seed), \(words): \(backup.failure.map { "\($0)" } ?? "made")")
    tally.add(backup.failure == nil ? "backups made" : "backups that failed")
    var breaches = backup.breaches
    for image in 0...Self.crashImages {
      let files = image == 0 ? backup.copy.files : backup.copy.crashImage(seed: number &* 41 &+ image)
      if let breach = await backup.breach(files) { breaches.append("image \(image) of the copy: \(breach)") }
    }
    for breach in breaches {
      tally.addViolation(number, breach, evidence: ["stage \(stage.kind), seed \(stage.seed)", words])
    }
  }
}

/// One backup, of which one operation fails.
private struct BackupAttempt {
  let stage: FaultStage
  let faults: FaultWatch
  let copy: FakeStorage
  let failure: LogError?
  private let source: FakeStorage

  init(_ stage: FaultStage, target: Int, form: StorageFaultForm, failsSource: Bool) {
    self.stage = stage
    source = FakeStorage(seed: stage.seed, files: stage.files)
    copy = FakeStorage(seed: stage.seed)
    faults = FaultWatch(failsSource ? source : copy, target: target, form: form)
    do throws(LogError) {
      _ = try LogCopy.make(of: source, in: copy)
      failure = nil
    } catch {
      failure = error
    }
  }

  var breaches: [String] {
    var breaches = faults.breaches
    if failure != faults.failure {
      breaches.append(
        "threw \(failure.map { "\($0)" } ?? "nothing"), injected was \(faults.failure.map { "\($0)" } ?? "nothing")")
    }
    if source.files != stage.files { breaches.append("changed what it was to copy") }
    return breaches
  }

  /// What is wrong with a state of the copy: a log without the mark, or less than was acknowledged in one that was
  /// made.
  func breach(_ files: [String: [UInt8]]) async -> String? {
    let holdsLog = files.keys.contains { $0.hasSuffix(".lz4") }
    if holdsLog, files["rollback.mark"] == nil { return "a log without the mark that keeps it from being served" }
    guard failure == nil else { return nil }
    if !holdsLog { return "made, and empty" }
    var trail = RecordTrail()
    trail.add(stage.files)
    return await trail.breach(
      files.filter { $0.key != "rollback.mark" }, stage.options, stage.acknowledged...stage.acknowledged)
  }
}
