import LedgerTesting
import Testing

@testable import WriteAheadLog

@Suite("A follower of a log")
struct LogFollowerTests {
  /// A closed log of several segments.
  private func written() async throws -> [String: [UInt8]] {
    let source = FakeStorage(seed: 1)
    let log = try await SteppedLog.open(source, .small)
    for fillers in [[5], [300, 400], [700], [20], [800], [601, 1], [30], [40, 900], [10]] { log.commit(fillers) }
    try await log.close()
    return source.files
  }

  private func append(_ bytes: ArraySlice<UInt8>, to name: String, in storage: FakeStorage) throws {
    let isNew = try !storage.names().contains(name)
    let file = try storage.open(name, for: isNew ? .creating : .writing)
    try file.writeAll(Array(bytes).span, at: file.size())
  }

  /// What a follower has seen, and its reading.
  private struct Seen {
    var sequences: [UInt64] = []

    mutating func advance(_ follower: inout LogFollower) throws -> Bool {
      var found: [UInt64] = []
      let goesOn = try follower.advance { (_, payload) throws(RecordError) in
        found += try NumberedRecords.sequences(in: payload)
      }
      sequences += found
      return goesOn
    }
  }

  @Test("shows each record once and in order, however little is written at a time, and waits at half a frame")
  func pieceByPiece() async throws {
    let files = try await written()
    let names = files.segmentNames
    #expect(names.count >= 3)
    let disk = FakeStorage(seed: 2)
    let first = try #require(files[names[0]])
    try append(first[..<100], to: names[0], in: disk)
    var seen = Seen()
    var follower = try LogFollower(storage: disk) { (_, _) throws(RecordError) in }
    for (index, name) in names.enumerated() {
      let bytes = try #require(files[name])
      // As a writer does: the successor is there before the seal.
      if index + 1 < names.count {
        try append(try #require(files[names[index + 1]])[..<64], to: names[index + 1], in: disk)
      }
      var place = index == 0 ? 100 : 64
      while place < bytes.count {
        let end = min(place + 13, bytes.count)
        try append(bytes[place..<end], to: name, in: disk)
        place = end
        #expect(try seen.advance(&follower))
      }
    }
    #expect(seen.sequences == Array(1...12))
  }

  @Test("begins after what was there at its opening")
  func fromTheMiddle() async throws {
    let files = try await written()
    let (name, last) = (
      try #require(files.segmentNames.last), try #require(files.segmentNames.last.flatMap { files[$0] })
    )
    let disk = FakeStorage(seed: 2, files: files.merging([name: Array(last[..<64])]) { $1 })
    var atOpening: [UInt64] = []
    var follower = try LogFollower(storage: disk) { (_, payload) throws(RecordError) in
      atOpening += try NumberedRecords.sequences(in: payload)
    }
    try append(last[64...], to: name, in: disk)
    var seen = Seen()
    #expect(try seen.advance(&follower))
    #expect(!atOpening.isEmpty && !seen.sequences.isEmpty)
    #expect(atOpening + seen.sequences == Array(1...12))
  }

  @Test("reads a segment to its seal although a checkpoint has removed it, and says when one it never saw is gone")
  func removal() async throws {
    let files = try await written()
    let names = files.segmentNames
    let first = try #require(files[names[0]])
    for isNextThere in [true, false] {
      let disk = FakeStorage(seed: 2, files: files.merging([names[0]: Array(first[..<64])]) { $1 })
      for name in names.dropFirst() { try disk.remove(name) }
      var follower = try LogFollower(storage: disk) { (_, _) throws(RecordError) in }
      try append(first[64...], to: names[0], in: disk)
      if isNextThere { try append(try #require(files[names[1]])[...], to: names[1], in: disk) }
      try disk.remove(names[0])
      var seen = Seen()
      #expect(try seen.advance(&follower) == false)
      #expect(seen.sequences.first == 1)
      #expect((seen.sequences.count > 4) == isNextThere, "\(seen.sequences)")
    }
  }

  @Test("refuses what does not follow")
  func damage() async throws {
    let files = try await written()
    let name = files.segmentNames[0]
    let first = try #require(files[name])
    let disk = FakeStorage(seed: 2, files: [name: Array(first[..<64])])
    var follower = try LogFollower(storage: disk) { (_, _) throws(RecordError) in }
    // The second frame in the place of the first.
    let header = try FrameHeader.decode(first[64..<120].span, seed: SteppedLog.identity.checksumSeed).header
    try append(first[(64 + header.frameBytes)...], to: name, in: disk)
    #expect(throws: LogError.self) { try follower.advance { (_, _) throws(RecordError) in } }
  }
}
