import LedgerTesting
import Testing

@testable import WriteAheadLog

@Suite("A log that has moved elsewhere")
struct MovedMarkTests {
  private func open(_ files: [String: [UInt8]], accepting: Bool = false) async throws(LogError) -> SteppedLog {
    var options = LogOptions.small
    options.acceptsMove = accepting
    return try await SteppedLog.open(FakeStorage(seed: 1, files: files), options)
  }

  @Test("is not opened, and says where it went, until the mark is removed")
  func isMarked() async throws {
    let storage = FakeStorage(seed: 1, files: try GoldenLog.files())
    #expect(try MovedMark.read(in: storage) == nil)
    try MovedMark.set("is being moved", in: storage)
    try MovedMark.set("has moved to a database", in: storage)
    let refusal = LogError.moved(path: storage.path, what: "has moved to a database")
    await #expect(throws: refusal) { try await open(storage.files) }
    #expect(refusal.description == "the log in \(storage.path) has moved to a database")
    #expect(try await open(storage.files, accepting: true).replayed == Array(1...GoldenLog.lastSequence))
    // Whoever changes nothing reads it.
    #expect(
      try LogReader.read(storage: storage) { (_, _) throws(RecordError) in }.lastSequence == GoldenLog.lastSequence)
    try MovedMark.remove(in: storage)
    #expect(try await open(storage.files).replayed == Array(1...GoldenLog.lastSequence))
  }

  @Test("says so whatever is in the mark", arguments: ["", "\n", "a\u{1B}[2J", String(repeating: "x", count: 4000)])
  func readsAnything(text: String) throws {
    let storage = FakeStorage(seed: 1, files: [MovedMark.fileName: Array(text.utf8)])
    let told = try #require(try MovedMark.read(in: storage))
    #expect(!told.isEmpty && told.utf8.count <= 2048 && !told.utf8.contains(0x1B))
  }

  @Test("has its mark after a power failure once the mark was set", arguments: 0..<20 as Range<UInt64>)
  func isDurable(seed: UInt64) async throws {
    let storage = FakeStorage(seed: seed, files: try GoldenLog.files())
    try MovedMark.set("has moved", in: storage)
    #expect(
      try MovedMark.read(in: FakeStorage(seed: 1, files: storage.crashImage(seed: seed))) == "has moved", "seed \(seed)"
    )
  }
}
