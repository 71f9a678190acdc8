import LedgerTesting
import Testing
import WriteAheadLog

/// What a repair keeps of a damaged log: the whole frames before the first damage; and it loses no byte.
@Suite("Salvage")
struct LogSalvageTests {
  /// Repairs the files as `log repair` does, and opens what is left.
  private func salvage(
    _ files: [String: [UInt8]], _ comment: String
  ) async throws -> (log: SteppedLog, left: [String: [UInt8]]) {
    let storage = FakeStorage(seed: 1, files: files)
    var rounds = 0
    while let plan = try LogSalvage.plan(
      for: storage,
      visit: { (_, payload) throws(RecordError) in
        _ = try NumberedRecords.sequences(in: payload)
      })
    {
      rounds += 1
      try #require(rounds < 5, "\(comment)")
      _ = try plan.apply(to: storage)
    }
    let left = storage.files
    var options = LogOptions.small
    options.acceptsRollback = true
    return (try await SteppedLog.open(storage, options), left)
  }

  private func expectNothingLost(_ before: [String: [UInt8]], _ after: [String: [UInt8]], _ comment: String) {
    for (name, bytes) in before {
      let isKept = after.contains {
        $0.key == name && $0.value == bytes || $0.key.hasPrefix("damaged-\(name)") && $0.value == bytes
      }
      #expect(isKept, "\(comment): \(name)")
    }
  }

  @Test("A flipped byte anywhere leaves the records before its frame, and every original byte is kept")
  func everyByte() async throws {
    let files = try GoldenLog.files()
    for name in files.segmentNames {
      let map = FrameMap(try #require(files[name]))
      for start in [0] + map.starts {
        var damaged = files
        damaged[name]?[start + 20] ^= 4
        let comment = "\(name) at \(start)"
        let (log, left) = try await salvage(damaged, comment)
        #expect(log.replayed == Array(1..<(UInt64(log.replayed.count) + 1)), "\(comment)")
        #expect(UInt64(log.replayed.count) == Self.records(in: files, before: name, start), "\(comment)")
        expectNothingLost(damaged, left, comment)
        log.commit([3])
        #expect(log.log.failure == nil)
      }
    }
  }

  /// How many records stand before the frame at `start` of a segment, by the headers.
  private static func records(in files: [String: [UInt8]], before name: String, _ start: Int) -> UInt64 {
    func count(_ bytes: [UInt8], _ starts: [Int]) -> UInt64 {
      starts.reduce(0) { sum, start in
        sum + (bytes[start + 8] == 1 ? (0..<4).reduce(0) { $0 | UInt64(bytes[start + 32 + $1]) << UInt64(8 * $1) } : 0)
      }
    }
    var sum: UInt64 = 0
    for segment in files.segmentNames where segment <= name {
      guard let bytes = files[segment] else { continue }
      sum += count(bytes, FrameMap(bytes).starts.filter { segment < name || $0 < start })
    }
    return sum
  }

  @Test("A missing segment leaves what came before it")
  func missingSegment() async throws {
    var files = try GoldenLog.files()
    let name = files.segmentNames[1]
    let expected = Self.records(in: files, before: name, 0)
    files[name] = nil
    let (log, left) = try await salvage(files, "missing")
    #expect(UInt64(log.replayed.count) == expected)
    expectNothingLost(files, left, "missing")
  }

  @Test("A whole log, and one with a mere torn tail, need no repair")
  func whole() async throws {
    var files = try GoldenLog.files()
    #expect(try LogSalvage.plan(for: FakeStorage(seed: 1, files: files)) { _, _ in } == nil)
    let name = try #require(files.segmentNames.last)
    files[name]?.removeLast(30)
    #expect(try LogSalvage.plan(for: FakeStorage(seed: 1, files: files)) { _, _ in } == nil)
  }

  @Test("A plan changes nothing")
  func planChangesNothing() async throws {
    var files = try GoldenLog.files()
    files[files.segmentNames[0]]?[70] ^= 1
    let storage = FakeStorage(seed: 1, files: files)
    #expect(try LogSalvage.plan(for: storage) { _, _ in } != nil)
    #expect(storage.files == files)
    #expect(storage.changes == 0)
  }

  @Test(
    "A repair that a crash interrupts can be repeated, and the log is not served in between",
    arguments: 0..<40 as Range<UInt64>)
  func interrupted(seed: UInt64) async throws {
    var files = try GoldenLog.files()
    let name = files.segmentNames[1]
    let bytes = try #require(files[name])
    let start = try #require(FrameMap(bytes).starts.first)
    files[name]?[start + 20] ^= 4
    let expected = Self.records(in: files, before: name, start)
    let storage = FakeStorage(seed: seed, files: files)
    var script = FaultScript()
    script.callsUntilPowerOff = Int(seed % 14)
    storage.follow(script)
    let plan = try #require(try LogSalvage.plan(for: storage) { _, _ in })
    _ = try? plan.apply(to: storage)
    let image = storage.crashImage(seed: seed)
    let isUntouched = image == files
    if !isUntouched {
      await #expect(throws: LogError.self, "seed \(seed)") {
        try await SteppedLog.open(FakeStorage(seed: 1, files: image), .small)
      }
    }
    let (log, _) = try await salvage(image, "seed \(seed)")
    #expect(UInt64(log.replayed.count) == expected, "seed \(seed)")
  }
}
