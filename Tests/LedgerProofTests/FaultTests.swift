import LedgerTesting
import Testing
import TokenLedger
import WriteAheadLog

@testable import LedgerProof

/// Every operation of the storage fails; `ledger-proof io-faults` does the same with more logs.
@Suite("Storage that fails")
struct StorageFaultTests {
  @Test(
    "Whatever operation fails, in whatever way, nothing acknowledged is lost and nothing is acknowledged after it",
    arguments: 0..<IOFaultProof.stages)
  func everyOperation(stage: UInt64) async {
    let proof = IOFaultProof()
    let first = stage * IOFaultProof.operationsMax * IOFaultProof.forms
    var tally = ProofTally()
    // All forms of every seventh operation; which ones differs from stage to stage.
    for operation in stride(from: stage % 7, to: 120, by: 7) {
      for form in 0..<IOFaultProof.forms {
        await proof.run(first + operation * IOFaultProof.forms + form, into: &tally, trace: nil)
      }
    }
    for violation in tally.violations {
      Issue.record("\(violation.what); \(violation.evidence); \(proof.replayCommand(violation.number))")
    }
    #expect(tally["faults that end all writing"] > 20)
    #expect(tally["faults that nobody may notice"] > 5)
  }

  @Test("Whatever operation of a backup fails, no copy is left that could be served as it is")
  func backup() async {
    let proof = BackupFaultProof()
    var tally = ProofTally()
    for side in 0..<UInt64(4) {
      let first = side * BackupFaultProof.operationsMax * IOFaultProof.forms
      for number in stride(from: first, to: first + 60 * IOFaultProof.forms, by: 17) {
        await proof.run(number, into: &tally, trace: nil)
      }
    }
    for violation in tally.violations {
      Issue.record("\(violation.what); \(violation.evidence); \(proof.replayCommand(violation.number))")
    }
    #expect(tally["backups made"] > 2)
    #expect(tally["backups that failed"] > 5)
  }

  @Test("A stage does every kind of thing that can fail")
  func stages() async throws {
    var seen: Set<StorageCall.Operation> = []
    for kind in FaultStage.Kind.allCases {
      var run = FaultRun(try await FaultStage.make(kind, variant: 0))
      await run.run(keepsTrail: true)
      #expect(run.breaches == [], "\(kind)")
      seen.formUnion(run.faults.operations.map(\.operation))
    }
    #expect(seen == Set(StorageCall.Operation.allCases))
  }

  @Test("The storage notices a second sync after a failed one, and a write after it")
  func watching() throws {
    let storage = FakeStorage(seed: 1)
    let faults = FaultWatch(storage, target: 1, form: StorageFaultForm(way: .ioError, isSticky: false))
    faults.begin(.committing)
    let file = try storage.open("wal-1", for: .creating)
    #expect(throws: LogError.io(operation: "sync", path: "wal-1", errno: 5)) { try file.sync() }
    #expect(faults.breaches == [])
    try file.sync()
    let failure = LogError.io(operation: "sync", path: "wal-1", errno: 5)
    #expect(faults.breaches == ["synced wal-1 again after a failed sync", "sync wal-1 after \(failure)"])
  }

  @Test("An interrupted and a shortened transfer leave no trace", arguments: StorageFaultForm.allCases)
  func invisible(form: StorageFaultForm) async throws {
    let isTransfer = form.isInvisible(for: .read)
    #expect(isTransfer == (form.way == .short || form.way == .interrupted))
    #expect(form.isInvisible(for: .sync) == (form.way == .short))
  }
}
