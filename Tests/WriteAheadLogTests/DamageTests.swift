import LedgerTesting
import Testing
import WriteAheadLog

/// Every truncation and every flipped byte of a small log: refused at the right place, or a torn tail; never other
/// records than those that were written, and never fewer than a surviving watermark says.
@Suite("Damage")
struct DamageTests {
  private func outcome(_ files: [String: [UInt8]]) async -> Result<SteppedLog, LogError> {
    do throws(LogError) {
      return .success(try await SteppedLog.open(FakeStorage(seed: 1, files: files), .small))
    } catch {
      return .failure(error)
    }
  }

  private func expectCorrupt(
    _ files: [String: [UInt8]], _ segment: String, _ offset: Int, _ comment: @autoclosure () -> String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    let storage = FakeStorage(seed: 1, files: files)
    do throws(LogError) {
      let log = try await SteppedLog.open(storage, .small)
      Issue.record("\(comment()): opened with \(log.replayed.count) records", sourceLocation: sourceLocation)
    } catch {
      guard case .corrupt(segment, UInt64(offset), _) = error else {
        Issue.record("\(comment()): \(error), expected \(segment) at \(offset)", sourceLocation: sourceLocation)
        return
      }
      #expect(storage.files == files, "changed on disk", sourceLocation: sourceLocation)
    }
  }

  @Test("Every flipped byte of a closed log is refused with its segment and frame")
  func flipsOfClosedLog() async throws {
    let files = try GoldenLog.files()
    for name in files.segmentNames {
      let bytes = try #require(files[name])
      let map = FrameMap(bytes)
      for offset in bytes.indices {
        var damaged = files
        damaged[name]?[offset] ^= UInt8(1 << (offset % 8))
        await expectCorrupt(damaged, name, map.start(of: offset), "\(name) flipped at \(offset)")
      }
    }
  }

  @Test("A flipped byte of a log that was not closed is refused, or lies in the zeroes after its end")
  func flipsOfOpenLog() async throws {
    let storage = FakeStorage(seed: 1)
    try await GoldenLog.write(to: storage, closing: false)
    let files = storage.files
    let name = try #require(files.segmentNames.last)
    let bytes = try #require(files[name])
    let map = FrameMap(bytes)
    #expect(bytes.count > map.end)
    for offset in bytes.indices {
      var damaged = files
      damaged[name]?[offset] ^= 0x10
      if offset < map.end {
        await expectCorrupt(damaged, name, map.start(of: offset), "flipped at \(offset)")
      } else if case .success(let log) = await outcome(damaged) {
        #expect(log.replayed == Array(1...GoldenLog.lastSequence), "flipped at \(offset)")
      }
    }
  }

  @Test("Every truncation of the last segment leaves the whole frames before it")
  func truncationsOfLastSegment() async throws {
    let files = try GoldenLog.files()
    let name = try #require(files.segmentNames.last)
    let bytes = try #require(files[name])
    let map = FrameMap(bytes)
    for length in 0..<bytes.count {
      var damaged = files
      damaged[name] = Array(bytes.prefix(length))
      guard length >= 64 else {
        await expectCorrupt(damaged, name, 0, "cut to \(length)")
        continue
      }
      let log = try await outcome(damaged).get()
      let start = map.start(of: length)
      let frameEnd = map.starts.contains(length) ? length : start
      #expect(log.replayed == Array(1...UInt64(log.replayed.count)))
      #expect((log.recovery.tornTail == nil) == (frameEnd == length), "cut to \(length)")
      #expect(log.recovery.tornTail.map { Int($0.place.offset) } ?? length == frameEnd)
      #expect(!log.recovery.wasClosedCleanly || length == map.starts.last)
    }
  }

  @Test("Every truncation of an earlier segment is refused")
  func truncationsOfEarlierSegments() async throws {
    let files = try GoldenLog.files()
    for name in files.segmentNames.dropLast() {
      let bytes = try #require(files[name])
      let map = FrameMap(bytes)
      for length in 0..<bytes.count {
        var damaged = files
        damaged[name] = Array(bytes.prefix(length))
        let place = map.starts.contains(length) ? length : map.start(of: length)
        await expectCorrupt(damaged, name, place, "\(name) cut to \(length)")
      }
    }
  }

  @Test("Removed, repeated and exchanged segments are refused")
  func wholeSegments() async throws {
    let files = try GoldenLog.files()
    let names = files.segmentNames
    for (index, name) in names.enumerated() {
      var without = files
      without[name] = nil
      if index == 0 {
        await expectCorrupt(without, names[1], 0, "first removed")
      } else {
        let before = names[index - 1]
        let seal = try #require(FrameMap(files[before] ?? []).starts.last)
        await expectCorrupt(without, before, seal, "\(name) removed")
      }
      for other in names where other != name {
        var copied = files
        copied[other] = files[name]
        if case .success = await outcome(copied) { Issue.record("\(other) replaced by \(name)") }
      }
    }
    var renamed = files
    renamed["wal-00000000000000ff.lz4"] = files[names[1]]
    if case .success = await outcome(renamed) { Issue.record("a stray segment was accepted") }
  }

  @Test("Frames that were removed, repeated or exchanged inside a segment are refused")
  func wholeFrames() async throws {
    let files = try GoldenLog.files()
    let name = try #require(files.segmentNames.last)
    let bytes = try #require(files[name])
    let starts = FrameMap(bytes).starts
    #expect(starts.count >= 3)
    let frames = zip(starts, starts.dropFirst() + [bytes.count]).map { Array(bytes[$0..<$1]) }
    let header = Array(bytes.prefix(64))
    for index in frames.indices.dropLast() {
      var damaged = files
      damaged[name] = header + frames[..<index].joined() + frames[(index + 1)...].joined()
      await expectCorrupt(damaged, name, starts[index], "frame \(index) removed")
      damaged[name] = header + frames[...index].joined() + frames[index...].joined()
      await expectCorrupt(damaged, name, starts[index] + frames[index].count, "frame \(index) repeated")
    }
  }

  @Test("A segment of another log is refused")
  func otherLog() async throws {
    let files = try GoldenLog.files()
    let storage = FakeStorage(seed: 1)
    var options = LogOptions.small
    options.identity = LogIdentity(high: 1, low: 2)
    let log = try await SteppedLog.open(storage, options)
    for fillers in [[5], [40, 41, 42], [300], [9, 9], [700, 1, 2], [30]] { log.commit(fillers) }
    var mixed = files
    let second = files.segmentNames[1]
    mixed[second] = storage.files[second]
    #expect(mixed[second] != nil && mixed[second] != files[second])
    await expectCorrupt(mixed, second, 0, "foreign segment")
  }

  @Test("A segment that follows another history of the same log is refused")
  func otherHistory() async throws {
    func history(_ filler: Int) async throws -> [String: [UInt8]] {
      let storage = FakeStorage(seed: 1)
      let log = try await SteppedLog.open(storage, .small)
      for _ in 0..<4 { log.commit([filler]) }
      try await log.close()
      return storage.files
    }
    let files = try await history(800)
    let other = try await history(801)
    #expect(files.segmentNames == other.segmentNames)
    let second = files.segmentNames[1]
    var mixed = files
    mixed[second] = other[second]
    await expectCorrupt(mixed, second, 0, "segment of another history")
  }

  @Test("A sector of an acknowledged frame that turned to zeroes is refused while a later frame survives")
  func zeroedSector() async throws {
    let storage = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(storage, LogOptions(preallocationBytes: 8192))
    for _ in 0..<6 { log.commit([900]) }
    let name = "wal-0000000000000001.lz4"
    let files = storage.files
    let map = FrameMap(try #require(files[name]))
    for sector in 1..<(map.starts[5] / 512) {
      var damaged = files
      damaged[name]?.replaceSubrange((sector * 512)..<(sector * 512 + 512), with: Array(repeating: 0, count: 512))
      await expectCorrupt(damaged, name, map.start(of: sector * 512), "sector \(sector)")
    }
  }

  @Test("A torn tail is cut off, and its bytes are kept")
  func tornTailIsKept() async throws {
    let storage = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(storage, LogOptions(preallocationBytes: 8192))
    log.commit([10])
    log.commit([2000])
    let name = "wal-0000000000000001.lz4"
    var files = storage.files
    let start = FrameMap(try #require(files[name])).starts[1]
    files[name]?.replaceSubrange(1024..<1536, with: Array(repeating: 0, count: 512))
    let damaged = try #require(files[name])
    let second = FakeStorage(seed: 1, files: files)
    let again = try await SteppedLog.open(second, LogOptions())
    let tail = try #require(again.recovery.tornTail)
    #expect(again.replayed == [1])
    #expect(tail.place == LogPlace(segment: name, offset: UInt64(start)))
    let copyName = try #require(tail.copy)
    let copy = second.files[copyName]
    #expect(copy == Array(damaged[start..<(start + Int(tail.bytes))]))
    again.commit([5])
    let third = try await SteppedLog.open(FakeStorage(seed: 1, files: second.files), LogOptions())
    #expect(third.replayed == [1, 2])
    #expect(third.recovery.tornTail == nil)
  }

  @Test("A record that the replay refuses makes the log corrupt at its frame")
  func refusedRecord() async throws {
    let executor = SteppedExecutor()
    let storage = FakeStorage(seed: 1, files: try GoldenLog.files())
    let name = "wal-0000000000000001.lz4"
    let what = "the record at byte 7 of the frame's payload: too odd"
    await #expect(throws: LogError.corrupt(segment: name, offset: 64, what: what)) {
      try await executor.driving { () async throws(LogError) in
        _ = try await CommitLog.open(storage: storage, executor: executor) { (_, _) throws(RecordError) in
          throw RecordError(byteOffsetInPayload: 7, what: "too odd")
        }
      }
    }
  }

  @Test("A file of another version is named, and nothing is changed")
  func otherVersion() async throws {
    var files = try GoldenLog.files()
    let name = try #require(files.segmentNames.first)
    var header = Array(try #require(files[name]).prefix(60))
    header[16] = 3
    let checksum = crc32c(header)
    for place in 0..<4 { header.append(UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(place)))) }
    files[name]?.replaceSubrange(0..<64, with: header)
    await #expect(throws: LogError.unsupportedVersion(segment: name, version: 3)) {
      _ = try await SteppedLog.open(FakeStorage(seed: 1, files: files), .small)
    }
  }

  /// Written anew from RFC 3720, so that the tests do not trust the code under test.
  private func crc32c(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = .max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 {
        let carry = sum & 1
        sum >>= 1
        if carry == 1 { sum ^= 0x82F6_3B78 }
      }
    }
    return ~sum
  }
}
