import LedgerTesting
import Synchronization
import Testing
import WriteAheadLog

@Suite("Writing a checkpoint")
struct CheckpointWriterTests {
  @Test("A checkpoint's file goes to the disk bit by bit, but is synced once, before it has its name")
  func syncedOnce() throws {
    let disk = FakeStorage(seed: 1)
    var writer = try CheckpointWriter(try SeededLog.begin(in: disk, covered: 1), in: disk)
    let calls = Mutex<[StorageCall]>([])
    disk.follow(FaultScript.watching { call in calls.withLock { $0.append(call) } })
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<5 {
      let payload = (0..<700_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      try writer.append(payload.span, entryCount: 1)
    }
    _ = try writer.finish()
    let others = calls.withLock { $0.filter { $0.operation != .write } }
    #expect(others.map(\.operation) == [.writeOut, .writeOut, .sync, .rename, .syncDirectory])
    let ends = others.prefix(2).map(\.offset)
    #expect(ends[0] == 0 && ends[1] > 1 << 20)
  }
}
