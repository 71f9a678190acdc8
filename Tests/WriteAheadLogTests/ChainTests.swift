import LedgerTesting
import Testing
import WriteAheadLog

@Suite("The chain")
struct ChainTests {
  /// The frames of a log that committed records of these sizes one after another, by the file that holds them.
  private func history(_ fillers: [Int]) async throws -> (name: String, bytes: [UInt8], places: [Int]) {
    let storage = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(storage, LogOptions(preallocationBytes: 0, identity: SteppedLog.identity))
    for filler in fillers { log.commit([filler]) }
    var places: [Int] = []
    var name = ""
    _ = try LogReader.read(storage: storage) { frame, _ in
      places.append(Int(frame.place.offset))
      name = frame.place.segment
    }
    let bytes = try #require(storage.files[name])
    return (name, bytes, places + [bytes.count])
  }

  @Test("refuses a whole frame of the same log and number that was written after another one")
  func frameOfAnotherHistory() async throws {
    let (name, first, places) = try await history([20, 30, 40])
    let (_, second, others) = try await history([20, 31, 40])
    #expect(first[places[2]...].count == second[others[2]...].count)
    let spliced = Array(first[..<places[2]]) + second[others[2]...]
    let storage = FakeStorage(seed: 2, files: [name: spliced])
    do throws(LogError) {
      _ = try LogReader.read(storage: storage) { _, _ in }
      Issue.record("a frame of another history was taken for the next one")
    } catch {
      guard case .corrupt(name, let offset, _) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(offset == UInt64(places[2]))
    }
  }

  @Test("ends at a seal: what stands after one is refused")
  func bytesAfterASeal() async throws {
    let storage = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(storage, .small)
    for _ in 0..<6 { log.commit([300]) }
    try await log.close()
    let names = storage.files.keys.filter { $0.hasPrefix("wal-") }.sorted()
    try #require(names.count > 1)
    var files = storage.files
    let end = try #require(files[names[0]]?.count)
    files[names[0]]?.append(contentsOf: [0, 0, 1])
    do throws(LogError) {
      _ = try LogReader.read(storage: FakeStorage(seed: 2, files: files)) { _, _ in }
      Issue.record("bytes after a seal were passed over")
    } catch {
      guard case .corrupt(names[0], UInt64(end), _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test("proves a close by the frame after it: a sector of zeroes in the close does not cost the records that follow")
  func damagedClose() async throws {
    let storage = FakeStorage(seed: 1)
    let first = try await SteppedLog.open(storage, LogOptions(preallocationBytes: 0, identity: SteppedLog.identity))
    // The close begins 12 bytes before a sector's edge.
    first.commit([355])
    try await first.close()
    let second = try await SteppedLog.open(storage, LogOptions(preallocationBytes: 0, identity: SteppedLog.identity))
    second.commit([20])
    #expect(second.log.durableSequence == 2)
    let name = "wal-0000000000000001.lz4"
    var files = storage.files
    files[name]?.replaceSubrange(500..<512, with: Array(repeating: 0, count: 12))
    do throws(LogError) {
      let log = try await SteppedLog.open(FakeStorage(seed: 1, files: files), LogOptions())
      Issue.record("opened with \(log.replayed.count) of 2 acknowledged records")
    } catch {
      guard case .corrupt(name, 500, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }
}
