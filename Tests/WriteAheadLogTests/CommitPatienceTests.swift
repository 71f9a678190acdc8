import Platform
import Testing

@testable import WriteAheadLog

@Suite("The time for which records gather before a commit")
struct CommitPatienceTests {
  @Test("A caller alone, and a few, are not waited for")
  func few() {
    var patience = CommitPatience()
    for woken in 0..<CommitPatience.callersMin {
      #expect(patience.wait(afterWaking: woken, commit: .milliseconds(1)) == nil)
    }
  }

  @Test("Most of those who were woken are waited for, as long as their commit took, within bounds")
  func bounds() {
    var patience = CommitPatience()
    for (commit, time) in [(1, 50), (120, 120), (9000, 400)] {
      let wait = patience.wait(afterWaking: 64, commit: .microseconds(commit))
      #expect(wait == CommitPatience.Wait(records: 56, time: .microseconds(time)))
      patience.note(arrived: true)
    }
  }

  @Test("After a wait in vain the next commits do not wait, twice as many each time, until somebody comes back")
  func vain() {
    var patience = CommitPatience()
    func commitsUntilWait() -> Int {
      (1...).first { _ in patience.wait(afterWaking: 64, commit: .microseconds(100)) != nil } ?? 0
    }
    #expect(commitsUntilWait() == 1)
    for commits in [2, 3, 5, 9, 17, 33, 65, 65] {
      patience.note(arrived: false)
      #expect(commitsUntilWait() == commits)
    }
    patience.note(arrived: true)
    #expect(commitsUntilWait() == 1)
  }

  @Test("A wait ends with the record that was waited for, or with its time; what came meanwhile is taken then")
  func staged() async {
    let records = StagedRecords(lastSequence: 0, bytesMax: 1 << 20)
    func stage(_ sequence: UInt64) { _ = records.stage(sequence: sequence) { payload, _ in payload.append(1) } }
    #expect(!records.wait(for: 1, through: 0, atMost: .microseconds(1)))
    stage(1)
    #expect(records.wait(for: 1, through: 0, atMost: .seconds(3600)))
    async let arrived = BlockingWork.run { records.wait(for: 2, through: 1, atMost: .seconds(3600)) }
    stage(2)
    stage(3)
    #expect(await arrived)
    var taken: [StagedRecords.Batch] = []
    #expect(records.take(into: &taken))
    #expect(taken.map(\.recordCount) == [3])
  }
}
